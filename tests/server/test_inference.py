"""Graphs run over the Open Inference Protocol, and bad requests are refused alone."""

import asyncio

import grpc
import numpy as np
import pytest
from grpc import aio
from numpy.typing import NDArray

from boxgauge.engine import Engine
from boxgauge.oip import inference_pb2 as pb
from boxgauge.server.service.runner import is_stackable
from tests.server.calls import Calls, stream

PRED = np.array([[0, 0, 10, 10], [0, 0, 4, 4]], np.float32)
TARGET = np.array([[0, 0, 10, 5], [0, 0, 4, 4]], np.float32)
DATATYPES = {"float32": "FP32", "float64": "FP64", "int64": "INT64"}


def request(
    model: str, *, outputs: tuple[str, ...] = (), **inputs: NDArray[np.generic]
) -> pb.ModelInferRequest:
    return pb.ModelInferRequest(
        model_name=model,
        id="7",
        inputs=[
            pb.ModelInferRequest.InferInputTensor(
                name=name, datatype=DATATYPES[array.dtype.name], shape=array.shape
            )
            for name, array in inputs.items()
        ],
        outputs=[pb.ModelInferRequest.InferRequestedOutputTensor(name=each) for each in outputs],
        raw_input_contents=[array.tobytes() for array in inputs.values()],
    )


def only_output(answer: pb.ModelInferResponse) -> NDArray[np.float32]:
    (output,) = answer.outputs
    (raw,) = answer.raw_output_contents
    return np.frombuffer(raw, np.float32).reshape(tuple(output.shape))


async def test_the_server_describes_itself(calls: Calls) -> None:
    stub = calls.inference
    assert (await stub.ServerLive(pb.ServerLiveRequest())).live
    assert (await stub.ServerReady(pb.ServerReadyRequest())).ready
    assert (await stub.ServerMetadata(pb.ServerMetadataRequest())).name == "boxgauge"
    assert (await stub.ModelReady(pb.ModelReadyRequest(name="giou_loss"))).ready


async def test_a_graph_is_described_with_its_free_sizes(calls: Calls) -> None:
    metadata = await calls.inference.ModelMetadata(pb.ModelMetadataRequest(name="giou_loss"))
    assert [(t.name, t.datatype, list(t.shape)) for t in metadata.inputs] == [
        ("pred", "FP32", [-1, 4]),
        ("target", "FP32", [-1, 4]),
    ]
    assert [(t.name, list(t.shape)) for t in metadata.outputs] == [("loss", [-1])]
    answer = await calls.inference.ModelConfig(pb.ModelConfigRequest(name="giou_loss"))
    assert answer.config.max_batch_size == 0
    assert answer.config.input[0].data_type == pb.TYPE_FP32


async def test_every_graph_but_those_of_monitors_is_described(calls: Calls, engine: Engine) -> None:
    for name, spec in engine.repository.graphs.items():
        if spec.family in ("matching", "report"):
            with pytest.raises(aio.AioRpcError) as refused:
                await calls.inference.ModelReady(pb.ModelReadyRequest(name=name))
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND
            continue
        metadata = await calls.inference.ModelMetadata(pb.ModelMetadataRequest(name=name))
        config = (await calls.inference.ModelConfig(pb.ModelConfigRequest(name=name))).config
        assert [t.name for t in metadata.inputs] == [t.name for t in config.input]
        assert [list(t.shape) for t in metadata.outputs] == [list(t.dims) for t in config.output]


async def test_a_loss_is_inferred_and_its_gradient_too(calls: Calls) -> None:
    answer = await calls.inference.ModelInfer(request("giou_loss", pred=PRED, target=TARGET))
    assert (answer.model_name, answer.model_version, answer.id) == ("giou_loss", "1", "7")
    np.testing.assert_allclose(only_output(answer), [0.5, 0.0], atol=1e-6)
    both = await calls.inference.ModelInfer(request("giou_loss_gradient", pred=PRED, target=TARGET))
    assert [output.name for output in both.outputs] == ["loss", "grad_pred"]
    one = await calls.inference.ModelInfer(
        request("giou_loss_gradient", outputs=("grad_pred",), pred=PRED, target=TARGET)
    )
    assert only_output(one).shape == (2, 4)


async def test_typed_contents_are_taken_as_well(calls: Calls) -> None:
    typed = request("giou_loss", pred=PRED, target=TARGET)
    del typed.raw_input_contents[:]
    for tensor, array in zip(typed.inputs, (PRED, TARGET), strict=True):
        tensor.contents.fp32_contents.extend(array.ravel().tolist())
    answer = await calls.inference.ModelInfer(typed)
    np.testing.assert_allclose(only_output(answer), [0.5, 0.0], atol=1e-6)


async def test_no_pairs_give_no_losses(calls: Calls) -> None:
    empty = np.zeros((0, 4), np.float32)
    answer = await calls.inference.ModelInfer(request("giou_loss", pred=empty, target=empty))
    assert only_output(answer).shape == (0,)


async def test_requests_run_together_keep_their_own_rows(calls: Calls, engine: Engine) -> None:
    assert is_stackable(engine.graph("giou_loss"))
    assert not is_stackable(engine.graph("ap_loss"))
    generator = np.random.default_rng(5)
    sent = [
        np.sort(generator.uniform(0, 50, (size, 2, 2)), axis=1).reshape(size, 4).astype(np.float32)
        for size in (3, 1, 0, 8, 2, 5)
    ]
    answers = await asyncio.gather(
        *(
            calls.inference.ModelInfer(request("giou_loss", pred=boxes, target=boxes[::-1].copy()))
            for boxes in sent
        )
    )
    for boxes, answer in zip(sent, answers, strict=True):
        alone = engine.run("giou_loss", {"pred": boxes, "target": boxes[::-1].copy()})["loss"]
        np.testing.assert_array_equal(only_output(answer), alone)


BAD = [
    pytest.param(request("no_such", pred=PRED), "NOT_FOUND", "no_such", id="unknown graph"),
    pytest.param(request("giou_loss", pred=PRED), "INVALID_ARGUMENT", "target", id="missing input"),
    pytest.param(
        request("giou_loss", pred=PRED, target=TARGET, x=PRED),
        "INVALID_ARGUMENT",
        "'x'",
        id="unknown input",
    ),
    pytest.param(
        request("giou_loss", pred=PRED.astype(np.float64), target=TARGET),
        "INVALID_ARGUMENT",
        "pred.datatype must be FP32: got FP64",
        id="wrong dtype",
    ),
    pytest.param(
        request("giou_loss", pred=PRED[:, :3].copy(), target=TARGET),
        "INVALID_ARGUMENT",
        "input pred must be of shape",
        id="wrong shape",
    ),
    pytest.param(
        request("giou_loss", pred=PRED, target=TARGET[:1].copy()),
        "INVALID_ARGUMENT",
        "input target must be of shape",
        id="sizes that differ",
    ),
    pytest.param(
        request("giou_loss", outputs=("grad",), pred=PRED, target=TARGET),
        "INVALID_ARGUMENT",
        "'grad'",
        id="unknown output",
    ),
    pytest.param(
        request("giou_loss", outputs=("loss", "loss"), pred=PRED, target=TARGET),
        "INVALID_ARGUMENT",
        "outputs must be distinct: got 'loss'",
        id="an output twice, which would be counted once",
    ),
    pytest.param(
        request(
            "confusion_matrix",
            dt_label=np.array([9]),
            dt_truth=np.array([9]),
            dt_scores=np.ones(1),
            positives=np.array([1, 1]),
            score_threshold=np.zeros(1),
        ),
        "INVALID_ARGUMENT",
        "inputs of confusion_matrix must be indices of what the other inputs have",
        id="a place that a matrix does not have",
    ),
    pytest.param(
        request(
            "optimal_lrp",
            label=np.array([9]),
            scores=np.ones(1),
            outcome=np.array([1]),
            iou=np.ones(1),
            positives=np.array([1, 1]),
            iou_threshold=np.full(1, 0.5),
        ),
        "INVALID_ARGUMENT",
        "inputs of optimal_lrp must be indices of what the other inputs have",
        id="a class that is not there",
    ),
]


@pytest.mark.parametrize(("bad", "code", "text"), BAD)
async def test_a_bad_request_is_refused_and_named(
    calls: Calls, bad: pb.ModelInferRequest, code: str, text: str
) -> None:
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.inference.ModelInfer(bad)
    assert refused.value.code() is grpc.StatusCode[code]
    assert text in str(refused.value.details())


async def test_a_metric_that_would_take_too_much_memory_is_refused(calls: Calls) -> None:
    masks, classes = np.zeros((1, 100_000), np.int64), np.arange(1000)
    with pytest.raises(aio.AioRpcError, match="k=1000") as refused:
        await calls.inference.ModelInfer(
            request("mean_iou", pred=masks, target=masks, classes=classes)
        )
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("model", ["dice_loss", "dice_loss_gradient"])
async def test_rows_without_bytes_are_bounded_too(calls: Calls, model: str) -> None:
    sent = request(model, prob=np.zeros((1, 0), np.float32), target=np.zeros((1, 0), np.float32))
    for tensor in sent.inputs:
        tensor.shape[0] = 2**40
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.inference.ModelInfer(sent)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert f"n={2**40}" in (refused.value.details() or "")


@pytest.mark.parametrize("shape", [[2**62, 0], [2**62, 2**62, 0], [1] * 100])
async def test_a_shape_that_no_array_has_is_refused(calls: Calls, shape: list[int]) -> None:
    one = np.zeros(0 if 0 in shape else 1, np.float32)
    sent = request("dice_loss", prob=one, target=one)
    for tensor in sent.inputs:
        tensor.shape[:] = shape
    with pytest.raises(aio.AioRpcError, match=r"prob\.shape must be") as refused:
        await calls.inference.ModelInfer(sent)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_raw_contents_must_fill_the_shape(calls: Calls) -> None:
    short = request("giou_loss", pred=PRED, target=TARGET)
    short.raw_input_contents[0] = short.raw_input_contents[0][:-4]
    with pytest.raises(aio.AioRpcError, match="28 bytes") as refused:
        await calls.inference.ModelInfer(short)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_an_error_in_a_stream_is_an_answer_and_the_stream_goes_on(calls: Calls) -> None:
    good = request("giou_loss", pred=PRED, target=TARGET)
    bad = request("giou_loss", pred=PRED)
    call = calls.inference.ModelStreamInfer(stream([bad, good]))
    first, second = [answer async for answer in call]
    assert "target" in first.error_message
    assert first.infer_response.id == "7"
    assert second.error_message == ""
    np.testing.assert_allclose(only_output(second.infer_response), [0.5, 0.0], atol=1e-6)


async def test_an_unknown_version_is_not_found(calls: Calls) -> None:
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.inference.ModelReady(pb.ModelReadyRequest(name="giou_loss", version="99"))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
