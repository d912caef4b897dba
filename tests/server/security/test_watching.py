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

    def look(self, contents: bytes, *, looks: int = 2) -> Told:
        """Return what is told when these contents are found so often."""
        self.contents, self.told = contents, []
        for _ in range(looks):
            self.watched.look()
        return self.told


def test_a_change_is_taken_once_it_is_the_same_in_two_looks() -> None:
    files = Files()
    assert files.look(b"first") == []
    assert files.look(b"second", looks=1) == []
    assert files.look(b"second", looks=1) == [("took second", True)]
    assert files.look(b"second") == []
    assert files.look(b"first") == [("took first", True)]
    assert files.taken == [b"first", b"second", b"first"]


def test_a_file_that_is_being_written_is_not_taken() -> None:
    files = Files()
    for contents in (b"", b"sec", b"bad", b"absent"):
        assert files.look(contents, looks=1) == []
    assert files.look(b"second") == [("took second", True)]
    assert files.taken == [b"first", b"second"]


def test_what_stays_bad_is_told_once_and_what_is_in_use_stays() -> None:
    files = Files()
    assert files.look(b"bad 1", looks=5) == [("bad 1 is bad", False)]
    assert files.look(b"bad 2", looks=5) == [("bad 2 is bad", False)]
    assert files.look(b"absent", looks=5) == [("absent", False)]
    assert files.taken == [b"first"]
    assert files.look(b"second") == [("took second", True)]
    assert files.look(b"bad 2") == [("bad 2 is bad", False)]


def test_the_old_contents_again_end_what_was_bad() -> None:
    files = Files()
    files.look(b"bad 1")
    assert files.look(b"first") == [("the files are again those in use", True)]
    assert files.look(b"first") == []
