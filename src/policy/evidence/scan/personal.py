"""Personal data: e-mail addresses, phone numbers, bank accounts, payment cards and national numbers.

Each is told by its form and, wherever it has them, by its check digits.
"""

from __future__ import annotations

from policy.evidence.scan.addresses import find_emails
from policy.evidence.scan.national_ids import find_formatted_ids, find_named_ids
from policy.evidence.scan.payment import find_cards, find_ibans
from policy.evidence.scan.phones import find_phones
from policy.evidence.scan.spans import Family

PERSONAL_DATA = Family(
    "personal_data", (find_emails, find_ibans, find_cards, find_formatted_ids, find_named_ids, find_phones)
)
