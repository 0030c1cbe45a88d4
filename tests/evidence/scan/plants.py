"""Values to plant, made here so that no scanner of repositories takes this one's own files for a leak."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from random import Random
from string import ascii_letters, ascii_uppercase, digits

ALPHANUMERIC = ascii_letters + digits
HEX = "0123456789abcdef"


def draw(length: int, characters: str = ALPHANUMERIC, seed: int = 7) -> str:
    """So many characters, the same ones every time."""
    return "".join(Random(seed).choices(characters, k=length))


def add_luhn(start: str) -> str:
    """The number with its check digit, reckoned from the right by doubling every other digit."""
    total = 0
    for place, digit in enumerate(reversed(start)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return start + str(-total % 10)


def make_iban(country: str, account: str) -> str:
    """The account with its check digits."""
    number = int("".join(str(int(character, 36)) for character in f"{account}{country}00"))
    return f"{country}{98 - number % 97:02}{account}"


def _make_web_token() -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": "1234567890", "admin": True})
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*encoded, draw(43)))


SECRETS = {
    "aws-access-key": [
        "AK" + "IA" + draw(16, "ABCDEFGHIJKLMNOP234567"),
        "AS" + "IA" + draw(16, ascii_uppercase + "34"),
    ],
    "github-token": ["gh" + kind + "_" + draw(36) for kind in "pousr"] + ["github_" + "pat_" + draw(82)],
    "gitlab-token": [
        "gl" + "pat-" + draw(20),
        "gl" + "ptt-" + draw(40, HEX),
        "gl" + "rt-" + draw(27) + ".01.0a1b2c3d4",
        "glo" + "as-" + draw(64),
        "glc" + "bt-0a_" + draw(20),
    ],
    "slack-token": [
        "xo" + "xb-" + draw(12, digits) + "-" + draw(13, digits) + "-" + draw(24),
        "xa" + "pp-1-" + draw(11, ascii_uppercase) + "-" + draw(13, digits) + "-" + draw(64, HEX),
    ],
    "slack-webhook": [
        "hooks.slack" + ".com/services/T" + draw(9, "ABC123") + "/B" + draw(9, "DEF456") + "/" + draw(24)
    ],
    "stripe-key": ["sk_" + "live_" + draw(24), "rk_" + "live_" + draw(99), "wh" + "sec_" + draw(32)],
    "google-api-key": ["AI" + "za" + draw(34) + "-"],
    "google-oauth-secret": ["GOC" + "SPX-" + draw(28)],
    "openai-key": ["sk-" + "proj-" + draw(156, ALPHANUMERIC + "_-"), "sk-" + draw(20) + "T3Blbk" + "FJ" + draw(20)],
    "anthropic-key": ["sk-" + f"ant-{kind}-" + draw(93) + "AA" for kind in ("api03", "admin01", "oat01")],
    "openrouter-key": ["sk-" + "or-v1-" + draw(64, HEX)],
    "hugging-face-token": ["h" + "f_" + draw(34, ascii_letters), "api_" + "org_" + draw(34, ascii_letters)],
    "npm-token": ["np" + "m_" + draw(36)],
    "pypi-token": ["py" + "pi-AgEIcHlwaS5vcmc" + draw(120, ALPHANUMERIC + "_-")],
    "sendgrid-key": ["S" + "G." + draw(22) + "." + draw(43)],
    "digitalocean-token": ["do" + "p_v1_" + draw(64, HEX)],
    "databricks-token": ["da" + "pi" + draw(32, HEX), "da" + "pi" + draw(32, HEX) + "-2"],
    "vault-token": ["hv" + "s." + draw(90)],
    "shopify-token": ["shp" + "at_" + draw(32, HEX)],
    "azure-storage-key": ["Account" + "Key=" + draw(86) + "=="],
    "private-key": [f"-----BEGIN {kind}PRIVATE " + "KEY-----" for kind in ("", "RSA ", "OPENSSH ", "ENCRYPTED ")],
    "json-web-token": [_make_web_token()],
    "url-password": ["postgres" + "://admin:" + draw(12) + "@db.corp.de/x", "redis" + "://u:p4-ss9X!@10.0.0.1:6379"],
}

PERSONAL = {
    "email": ["erika.mustermann@gmx.de", "j+news@mail.co.uk", "O'Hara@uni-koeln.de", "x_1%y@a-b.museum"],
    "phone": [
        "+49 30 901820",
        "+44 (0)20 7946 0958",
        "+12125550199"[:-4] + "7342",
        "+33.1.42.68.53.00",
        "+358 40 7342016",
    ],
    "payment-card": [
        add_luhn("453957876362148"),
        add_luhn("542523343010990"),
        add_luhn("37449563570123"),
        add_luhn("3056930009020"),
        "4539 5787 6362 1486",
        "4539-5787-6362-1486",
    ],
    "iban": [
        make_iban("DE", "500105175407324931"),
        make_iban("GB", "NWBK60161331926818"),
        make_iban("NO", "86011117949"),
        make_iban("FR", "20041010050500013M02607"),
        make_iban("MT", "MALT011000012345MTLCAST001T"),
    ],
    "us-ssn": ["536-90-4399", "SSN: 536 90 4399"],
    "br-cpf": ["529.982.247-25"],
    "fr-nir": ["1 85 05 78 006 084 91", "255081416802538"],
    "it-codice-fiscale": ["RSSMRA85T10A562S"],
    "uk-nino": ["JG 10 37 59 A", "National Insurance no. JG103759A", "nino=jg 103759 a"],
    "de-tax-number": [
        "Steuer-ID: 86095742719",
        "IdNr. 47 036 892 816",
        "Steueridentifikationsnummer lautet 65929970489",
    ],
    "nl-bsn": ["BSN 111222333", "burgerservicenummer: 1234.56.782"],
    "es-dni": ["DNI: 12345678Z", "NIE X-1234567-L", "nif 12.345.678-z"],
    "se-personnummer": ["personnummer 811218-9876", "Personnr: 19811218-9876", "samordningsnummer 701063-2391"],
    "pl-pesel": ["PESEL 44051401359"],
}
