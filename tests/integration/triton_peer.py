"""An unchanged tritonclient: describes every graph and runs every case that it is given.

A script and not a module: tritonclient's messages and `boxgauge.oip`'s have the same names
and cannot share a process. It reads ``<folder>/<graph>.<case>.in.npz``, writes the outputs
beside it, once asked for alone (``out``) and once through a stream (``stream``), and
prints what the server says of itself and of each graph as JSON.
"""

import json
import queue
import sys
from pathlib import Path

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

TIMEOUT_S = 60


def main(address: str, folder: Path) -> None:
    files = sorted(folder.glob("*.in.npz"))
    cases = {path.name.removesuffix(".in.npz"): dict(np.load(path)) for path in files}
    graphs = sorted({name.partition(".")[0] for name in cases})
    with triton.InferenceServerClient(address) as client:
        seen = {
            "live": client.is_server_live(),
            "ready": client.is_server_ready(),
            "server": client.get_server_metadata(as_json=True),
            "graphs": {graph: described(client, graph) for graph in graphs},
            "refused": {name: refusal(client, name) for name in ("match", "report", "no_such")},
        }
        outputs = {
            graph: [each["name"] for each in seen["graphs"][graph]["metadata"]["outputs"]]
            for graph in graphs
        }
        for name, arrays in cases.items():
            graph = name.partition(".")[0]
            answer = client.infer(graph, inputs_of(arrays), client_timeout=TIMEOUT_S)
            write(folder / f"{name}.out.npz", answer, outputs[graph])
        seen["stream_error"] = streamed(client, folder, cases, outputs)
    json.dump(seen, sys.stdout)


def described(client: triton.InferenceServerClient, graph: str) -> dict[str, object]:
    return {
        "ready": client.is_model_ready(graph),
        "metadata": client.get_model_metadata(graph, as_json=True),
        "config": client.get_model_config(graph, as_json=True)["config"],
    }


def refusal(client: triton.InferenceServerClient, graph: str) -> str:
    try:
        client.get_model_metadata(graph)
    except InferenceServerException as refused:
        return str(refused.status())
    return "served"


def inputs_of(arrays: dict[str, np.ndarray]) -> list[triton.InferInput]:
    inputs = []
    for name, array in arrays.items():
        tensor = triton.InferInput(name, array.shape, np_to_triton_dtype(array.dtype))
        inputs.append(tensor.set_data_from_numpy(array))
    return inputs


def write(path: Path, answer: triton.InferResult, outputs: list[str]) -> None:
    np.savez(path, **{name: answer.as_numpy(name) for name in outputs})


def streamed(
    client: triton.InferenceServerClient,
    folder: Path,
    cases: dict[str, dict[str, np.ndarray]],
    outputs: dict[str, list[str]],
) -> str:
    """Send a bad request and then every case in one stream; return what the bad one got."""
    answers: queue.Queue[tuple[triton.InferResult | None, InferenceServerException | None]]
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    wrong = {"pred": np.zeros((2, 3), np.float32), "target": np.zeros((2, 3), np.float32)}
    client.async_stream_infer("giou_loss", inputs_of(wrong), request_id="bad")
    for name, arrays in cases.items():
        client.async_stream_infer(name.partition(".")[0], inputs_of(arrays), request_id=name)
    _, error = answers.get(timeout=TIMEOUT_S)
    for _ in cases:
        answer, unexpected = answers.get(timeout=TIMEOUT_S)
        if answer is None:
            raise RuntimeError(f"a good request got {unexpected}")
        name = answer.get_response().id
        write(folder / f"{name}.stream.npz", answer, outputs[name.partition(".")[0]])
    client.stop_stream()
    return str(error)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
