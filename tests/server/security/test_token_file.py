"""The file of tokens holds rights and hashes, and what is malformed gives no rights."""

import hashlib
import re
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxgauge.frames import InvalidInputError
from boxgauge.server.security.scopes import Grants, Scope
from boxgauge.server.security.token_file import append_token, new_token, parse_tokens
from boxgauge.server.security.tokens import Tokens

HASH = "sha256:" + "ab" * 32
NAME = st.text("abc_./-", min_size=1, max_size=6)
PATTERN = st.one_of(NAME, NAME.map(lambda name: f"{name}*"), st.just("*"))


def test_the_file_has_the_hash_and_not_the_token(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    shown, token = new_token([Scope.INGEST, Scope.READ], ["team-a/*", "street"])
    append_token(path, token)
    text = path.read_text()
    secret = shown.split("_", 2)[2]
    assert len(secret) == 43
    assert secret not in text
    assert hashlib.sha256(secret.encode()).hexdigest() in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"{token.id} ingest=team-a/*,street read=team-a/*,street sha256:" in text
    tokens = Tokens(parse_tokens(path.read_bytes()))
    assert tokens.find(shown) == token


def test_a_token_is_added_to_a_file_that_ends_without_a_line_s_end(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"000000000001 read=a {HASH}")
    shown, token = new_token([Scope.ADMIN], ["*"])
    append_token(path, token)
    found = parse_tokens(path.read_bytes())
    assert set(found) == {"000000000001", token.id}
    assert Tokens(found).find(shown) == token


def test_no_two_tokens_are_alike() -> None:
    made = {new_token([Scope.READ], ["*"])[0] for _ in range(100)}
    assert len(made) == 100


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"3f9c2a7b1d04 {HASH}", "line 1, must be ID SCOPE=MONITORS"),
        (f"camera read=a {HASH}", "line 1, must be ID"),
        ("3f9c2a7b1d04 read=a sha256:abcd", "line 1, must be ID"),
        ("3f9c2a7b1d04 read=a", "line 1, must be ID"),
        (f"3f9c2a7b1d04 write=a {HASH}", "each of ingest, read, admin at most once"),
        (f"3f9c2a7b1d04 read=a read=b {HASH}", "at most once"),
        (f"3f9c2a7b1d04 read {HASH}", "malformed monitors of read"),
        (f"3f9c2a7b1d04 read=a,,b {HASH}", "malformed monitors of read"),
        (f"3f9c2a7b1d04 read=*a {HASH}", "malformed monitors of read"),
        (f"3f9c2a7b1d04 read=a {HASH}\n3f9c2a7b1d04 read=b {HASH}", "line 2, must be distinct"),
        ("boxgauge_3f9c2a7b1d04_" + "s" * 43, "line 1, must be ID"),
        ("3f9c2a7b1d04 read=ä", "ASCII"),
    ],
)
def test_a_malformed_line_refuses_the_file_by_number_without_quoting_it(
    line: str, shown: str
) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(shown)) as error:
        parse_tokens(line.encode())
    assert "s" * 43 not in str(error.value)
    assert HASH not in str(error.value)


def test_comments_and_empty_lines_are_nothing() -> None:
    text = f"# head\n\n3f9c2a7b1d04 read=a {HASH} # a camera\n"
    assert list(parse_tokens(text.encode())) == ["3f9c2a7b1d04"]


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(Scope), st.lists(PATTERN, min_size=1, max_size=3), min_size=1)
)
def test_a_line_cut_short_anywhere_gives_no_rights(
    patterns: dict[Scope, list[str]],
) -> None:
    _, token = new_token([Scope.READ], ["*"])
    line = type(token)(token.id, Grants.of(patterns), token.digest).line
    whole = parse_tokens(line.encode())
    assert whole[token.id].grants.patterns == {
        scope: tuple(patterns[scope]) for scope in Scope if scope in patterns
    }
    for length in range(len(line) - 1):
        try:
            assert not parse_tokens(line[:length].encode())
        except InvalidInputError:
            continue


@settings(deadline=None)
@given(st.data())
def test_only_the_token_itself_is_found(data: st.DataObject) -> None:
    made = [new_token([Scope.READ], ["*"]) for _ in range(3)]
    tokens = Tokens({token.id: token for _, token in made})
    shown, token = made[1]
    assert tokens.find(shown) is token
    at = data.draw(st.integers(0, len(shown) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda found: found != shown[at]))
    assert tokens.find(shown[:at] + other + shown[at + 1 :]) is None
    assert tokens.find(shown[:at]) is None
    mixed = shown[:22] + made[0][0][22:]
    assert tokens.find(mixed) is None


@settings(deadline=None)
@given(PATTERN, NAME)
def test_a_pattern_covers_what_it_says(pattern: str, name: str) -> None:
    grants = Grants.of({Scope.READ: [pattern]})
    # As a regular expression of everything before the star.
    literal, star = (pattern[:-1], ".*") if pattern[-1] == "*" else (pattern, "")
    assert grants.covers(Scope.READ, name) == bool(re.fullmatch(re.escape(literal) + star, name))
    assert not grants.covers(Scope.INGEST, name)
    assert not grants.covers(Scope.ADMIN, name)
    assert grants.covers_all(Scope.READ) == (pattern == "*")
