"""Which approach a project should take, told from the policies that judge it: no second set of rules."""
