"""Values that name nobody: placeholders, role mailboxes, invented numbers, the company's own phones."""

import re

from onevoice.resolve.rules import Rules

#: Placeholders that Segment and PostHog publish, and those seen in tills and forms; compared in lower case.
PLACEHOLDERS = frozenset(
    {
        "", "-", "-1", "0", "n/a", "na", "nan", "null", "nil", "none", "undefined", "unknown", "void", "test", "abc123",
        "anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated", "email", "true", "false",
        "[object object]", "user", "userid", "user_id", "customer", "default", "string", "example", "xxx",
    }
)  # fmt: skip
#: Domains that people type to get past a form. Those reserved for documentation (example.com) are left alone:
#: demonstrations use them.
INVENTED = frozenset({"test.com", "asdf.com", "noemail.com", "no-email.com", "nomail.com", "none.com", "localhost"})
GMAIL = frozenset({"gmail.com", "googlemail.com"})
#: Digits that make a run suspicious; shorter ids such as 1111 are ordinary customer numbers.
RUN = 6
UP = "01234567890123456789"
DOWN = UP[::-1]


def blocked(kind: str, value: str, rules: Rules) -> str:
    """Return why a value can name nobody, or an empty string."""
    text = value.strip().lower()
    if text in rules.allowed:
        return ""
    if text in PLACEHOLDERS or text in rules.blocked or not text.strip("0-"):
        return "it is a placeholder"
    if text in rules.own:
        return "it is the company's own"
    base = kind.partition("@")[0]
    if base in {"email", "mailbox"}:
        return _mail(text, rules)
    return "its digits are made up" if base != "address" and _run(text) else ""


def _mail(text: str, rules: Rules) -> str:
    local, _, domain = text.rpartition("@")
    if not local or local in PLACEHOLDERS:
        return "it is a placeholder"
    if domain in INVENTED or domain.endswith((".invalid", ".localhost")):
        return "its domain is made up"
    return "it is a role mailbox" if local in rules.roles else ""


def _run(text: str) -> bool:
    digits = re.sub(r"[\s().+-]", "", text)
    if not digits.isdecimal() or len(digits) < RUN:
        return False
    tail = digits[-max(RUN, len(digits) - 4) :]  # a made-up number still has a real country or area code
    return len(set(tail)) == 1 or tail in UP or tail in DOWN


def mailbox(email: str) -> str:
    """Return the mailbox behind a Gmail address (no dots, no +tag), or an empty string for any other domain."""
    local, _, domain = email.rpartition("@")
    if domain not in GMAIL:
        return ""
    return local.partition("+")[0].replace(".", "") + "@gmail.com"
