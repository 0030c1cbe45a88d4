"""What the files beside data and models say of licences."""
