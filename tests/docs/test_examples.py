"""The documents' examples run: Python in a process of its own, grpcurl's requests as messages."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf import json_format, message_factory

from boxgauge.v1 import evaluation_pb2, monitor_pb2
from tests.docs.conftest import ADDRESS, ROOT, blocks, documents, shell_lines

MARK = "# runs in the tests\n"
EXAMPLES = [
    pytest.param(block, id=f"{file.relative_to(ROOT)}:{number}")
    for file in documents()
    for number, block in enumerate(blocks(file, "python"))
    if block.startswith(MARK)
]
SERVICES = {
    service.full_name: service
    for module in (monitor_pb2, evaluation_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
}


@pytest.fixture
def folder(tmp_path: Path, graphs_dir: Path) -> Path:
    """Return a folder with what a user's checkout has, which examples cannot spoil."""
    (tmp_path / "graphs").symlink_to(graphs_dir.resolve())
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_runs(
    example: str, folder: Path, environment: dict[str, str], address: str
) -> None:
    program = example.replace(ADDRESS, address)
    done = subprocess.run(
        (sys.executable, "-W", "error", "-c", program),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_there_are_examples_in_the_readme() -> None:
    assert sum(str(each.id).startswith("README.md") for each in EXAMPLES) >= 3


def test_the_service_takes_what_grpcurl_would_send(address: str) -> None:
    lines = [shlex.split(line) for line in shell_lines() if line.startswith("grpcurl ")]
    calls = [words for words in lines if "-d" in words]
    assert calls
    with grpc.insecure_channel(address) as channel:
        for words in calls:
            request, (place, method) = words[words.index("-d") + 1], words[-2:]
            assert place == ADDRESS
            for answer in called(channel, method, request):
                assert not answer.get("errors"), answer


def called(channel: grpc.Channel, path: str, text: str) -> list[dict[str, object]]:
    """Send JSON as grpcurl does, each object a message, and return the answers as JSON."""
    service, _, name = path.partition("/")
    method = SERVICES[service].methods_by_name[name]
    request_class = message_factory.GetMessageClass(method.input_type)
    answer_class = message_factory.GetMessageClass(method.output_type)
    requests = [
        json_format.ParseDict(each, request_class()) for each in json.loads(f"[{between(text)}]")
    ]
    coders = (request_class.SerializeToString, answer_class.FromString)
    if method.client_streaming and method.server_streaming:
        answers = list(channel.stream_stream(f"/{path}", *coders)(iter(requests), timeout=10))
    elif method.client_streaming:
        answers = [channel.stream_unary(f"/{path}", *coders)(iter(requests), timeout=10)]
    else:
        answers = [channel.unary_unary(f"/{path}", *coders)(requests[0], timeout=10)]
    return [json_format.MessageToDict(each, preserving_proto_field_name=True) for each in answers]


def between(text: str) -> str:
    """Return JSON objects that follow one another with commas between them."""
    return re.sub(r"\}\s+\{", "},{", text)
