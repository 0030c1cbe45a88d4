"""Keys and tokens that are known by their form, and where each form is written down."""

from __future__ import annotations

from policy.structs import NamedTuple

_GITLEAKS = "https://github.com/gitleaks/gitleaks/tree/master/cmd/generate/config/rules"
_GITHUB = (
    "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github"
)
_GITLAB = "https://docs.gitlab.com/security/tokens/#token-prefixes"
_AWS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids"
_SLACK = "https://docs.slack.dev/authentication/tokens"
_STRIPE = "https://docs.stripe.com/keys"
_JWT = "https://www.rfc-editor.org/rfc/rfc7519#section-3"
_PEM = "https://www.rfc-editor.org/rfc/rfc7468#section-10"
_HUGGING_FACE = "https://huggingface.co/docs/hub/security-tokens"
_NPM = "https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format"
_VAULT = "https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes"
_AZURE = "https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string"


class Token(NamedTuple):
    """A form: it begins with one of `prefixes`, at the start of a word, and goes on as `body`, a pattern of RE2.

    No letter, digit, `_` or `-` may follow, unless it is `open`: such a form is known by its beginning.
    """

    kind: str
    prefixes: tuple[bytes, ...]
    body: bytes
    source: str
    open: bool = False


TOKENS = (
    Token("aws-access-key", (b"AKIA", b"ASIA"), rb"[A-Z2-7]{16}", _AWS),
    Token("github-token", (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), rb"[0-9A-Za-z]{36}", _GITHUB),
    Token("github-token", (b"github_pat_",), rb"[0-9A-Za-z_]{82}", _GITHUB),
    Token("gitlab-token", (b"glpat-", b"gldt-", b"glrt-", b"glsoat-", b"glft-"), rb"[0-9A-Za-z_.-]{20,}", _GITLAB),
    Token("gitlab-token", (b"glptt-",), rb"[0-9a-f]{40}", _GITLAB),
    Token("gitlab-token", (b"gloas-",), rb"[0-9A-Za-z_-]{64}", _GITLAB),
    Token("gitlab-token", (b"glcbt-",), rb"[0-9A-Za-z]{1,5}_[0-9A-Za-z_-]{20}", _GITLAB),
    Token(
        "slack-token",
        (b"xoxa-", b"xoxb-", b"xoxe-", b"xoxo-", b"xoxp-", b"xoxr-", b"xoxs-"),
        rb"(?:[0-9A-Za-z]{1,14}-){1,4}[0-9A-Za-z]{16,}",
        _SLACK,
    ),
    Token("slack-token", (b"xapp-",), rb"[0-9]-[0-9A-Z]{6,14}-[0-9]{6,16}-[0-9a-z]{40,}", _SLACK),
    Token(
        "slack-webhook",
        (b"hooks.slack.com/",),
        rb"(?:services|workflows)/[0-9A-Z]{8,14}/[0-9A-Z]{8,14}/[0-9A-Za-z]{20,30}",
        _GITLEAKS,
    ),
    Token("stripe-key", (b"sk_live_", b"rk_live_"), rb"[0-9A-Za-z]{20,}", _STRIPE),
    Token("stripe-key", (b"whsec_",), rb"[0-9A-Za-z]{32,}", _STRIPE),
    Token("google-api-key", (b"AIza",), rb"[0-9A-Za-z_-]{35}", _GITLEAKS),
    Token("google-oauth-secret", (b"GOCSPX-",), rb"[0-9A-Za-z_-]{28}", _GITLEAKS),
    Token("openai-key", (b"sk-proj-", b"sk-svcacct-", b"sk-admin-"), rb"[0-9A-Za-z_-]{40,}", _GITLEAKS),
    Token("openai-key", (b"sk-",), rb"[0-9A-Za-z]{20}T3BlbkFJ[0-9A-Za-z]{20}", _GITLEAKS),
    Token("anthropic-key", (b"sk-ant-",), rb"[a-z]{3,8}[0-9]{2}-[0-9A-Za-z_-]{40,}", _GITLEAKS),
    Token("openrouter-key", (b"sk-or-v1-",), rb"[0-9a-f]{64}", _GITLEAKS),
    Token("hugging-face-token", (b"hf_", b"api_org_"), rb"[0-9A-Za-z]{34}", _HUGGING_FACE),
    Token("npm-token", (b"npm_",), rb"[0-9A-Za-z]{36}", _NPM),
    Token("pypi-token", (b"pypi-AgEIcHlwaS5vcmc",), rb"[0-9A-Za-z_-]{50,}", _GITLEAKS),
    Token("sendgrid-key", (b"SG.",), rb"[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}", _GITLEAKS),
    Token("digitalocean-token", (b"dop_v1_", b"doo_v1_", b"dor_v1_"), rb"[0-9a-f]{64}", _GITLEAKS),
    Token("databricks-token", (b"dapi",), rb"[0-9a-f]{32}(?:-[0-9])?", _GITLEAKS),
    Token("vault-token", (b"hvs.", b"hvb."), rb"[0-9A-Za-z_-]{24,}", _VAULT),
    Token("shopify-token", (b"shpat_", b"shpca_", b"shppa_", b"shpss_"), rb"[0-9A-Fa-f]{32}", _GITLEAKS),
    Token("azure-storage-key", (b"AccountKey=",), rb"[0-9A-Za-z+/]{86}==", _AZURE),
    Token(
        "private-key",
        (b"-----BEGIN ",),
        rb"(?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED|PGP|SSH2 ENCRYPTED) )?PRIVATE KEY(?: BLOCK)?-----",
        _PEM,
        open=True,
    ),
    Token(
        "json-web-token",
        (b"eyJ",),
        rb"[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{20}",
        _JWT,
        open=True,
    ),
)
