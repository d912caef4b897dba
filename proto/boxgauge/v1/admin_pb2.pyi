from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class BackupJournalRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BackupJournalResponse(_message.Message):
    __slots__ = ("size_bytes", "number", "part", "digest")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    number: int
    part: bytes
    digest: bytes
    def __init__(self, size_bytes: _Optional[int] = ..., number: _Optional[int] = ..., part: _Optional[bytes] = ..., digest: _Optional[bytes] = ...) -> None: ...
