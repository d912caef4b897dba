"""Files are taken over when they change; bad ones are told once, when they stay bad."""

from boxgauge.frames import InvalidInputError
from boxgauge.server.security.watching import Watched

Told = list[tuple[str, bool]]


class Files:
    """Contents that a test changes; ``bad`` cannot be taken."""

    def __init__(self) -> None:
        self.contents = b"first"
        self.taken = [b"first"]
        self.told: Told = []
        self.watched = Watched("tokens", (b"first",), self.read, self.take, self.tell)

    def read(self) -> tuple[bytes, ...]:
        if self.contents == b"absent":
            raise InvalidInputError("absent")
        return (self.contents,)

    def take(self, contents: tuple[bytes, ...]) -> str:
        if contents[0].startswith(b"bad"):
            raise InvalidInputError(f"{contents[0].decode()} is bad")
        self.taken.append(contents[0])
        return f"took {contents[0].decode()}"

    def tell(self, _: str, words: str, is_taken: bool) -> None:
        self.told.append((words, is_taken))

    def look(self, contents: bytes) -> Told:
        """Return what is told when these contents are found."""
        self.contents, self.told = contents, []
        self.watched.look()
        return self.told


def test_a_change_is_taken_once() -> None:
    files = Files()
    assert files.look(b"first") == []
    assert files.look(b"second") == [("took second", True)]
    assert files.look(b"second") == []
    assert files.look(b"first") == [("took first", True)]
    assert files.taken == [b"first", b"second", b"first"]


def test_what_stays_bad_is_told_once_and_what_is_in_use_stays() -> None:
    files = Files()
    assert files.look(b"bad 1") == []
    assert files.look(b"bad 1") == [("bad 1 is bad", False)]
    assert files.look(b"bad 1") == []
    assert files.look(b"absent") == []
    assert files.look(b"absent") == [("absent", False)]
    assert files.taken == [b"first"]
    assert files.look(b"second") == [("took second", True)]


def test_what_is_bad_for_one_look_is_not_told() -> None:
    files = Files()
    assert files.look(b"bad 1") == []
    assert files.look(b"bad 2") == []
    assert files.look(b"first") == []
    assert files.look(b"bad 1") == []
    assert files.look(b"second") == [("took second", True)]


def test_the_old_contents_again_end_what_was_bad() -> None:
    files = Files()
    files.look(b"bad 1")
    files.look(b"bad 1")
    assert files.look(b"first") == [("the files are again those in use", True)]
    assert files.look(b"first") == []
