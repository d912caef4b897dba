"""Messages of the contract with a value of its own in every field, and the same as plain values."""

from itertools import count
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from boxgauge.v1 import frames_pb2


def filled(kind: type[Message], numbers: "count[int] | None" = None) -> Any:  # noqa: ANN401
    """Return a message whose fields are all set, lists to two entries."""
    numbers = count(1) if numbers is None else numbers
    message = kind()
    for field in message.DESCRIPTOR.fields:
        choice = field.containing_oneof
        if choice is not None and field is not choice.fields[0]:
            continue  # one of them is all that can be set
        if field.is_repeated:
            entries = [_value(field, numbers) for _ in range(2)]
            getattr(message, field.name).extend(entries)
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(_value(field, numbers))
        else:
            setattr(message, field.name, _value(field, numbers))
    return message


def plain(message: Message) -> Any:  # noqa: ANN401
    """Return a message as dictionaries and tuples; absent is None, an image id is its value."""
    if isinstance(message, frames_pb2.ImageId):
        kind = message.WhichOneof("id")
        return None if kind is None else getattr(message, kind)
    found: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.is_repeated:
            found[field.name] = tuple(
                plain(each) if isinstance(each, Message) else each for each in value
            )
        elif field.has_presence and not message.HasField(field.name):
            found[field.name] = None
        else:
            found[field.name] = plain(value) if isinstance(value, Message) else value
    return found


def _value(field: FieldDescriptor, numbers: "count[int]") -> Any:  # noqa: ANN401
    number = next(numbers)
    if field.message_type is not None:
        return filled(field.message_type._concrete_class, numbers)
    return {
        FieldDescriptor.CPPTYPE_DOUBLE: number / 1000,
        FieldDescriptor.CPPTYPE_STRING: f"text {number}",
        FieldDescriptor.CPPTYPE_BOOL: True,
    }.get(field.cpp_type, number)
