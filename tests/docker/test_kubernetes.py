"""What the manifests promise: one confined replica, kept data, and names that fit together."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from boxgauge.server.settings import PREFIX, Settings, read_settings
from tests.docker.manifests import (
    CUSTOM,
    KUBERNETES,
    OVERLAYS,
    container,
    kustomize,
    maintenance,
    of_kind,
    only,
    pod,
    rendered,
)
from tests.docker.paths import DOCKER, RULES_FOLDER
from tests.tools import require_tool

pytestmark = [pytest.mark.tools, pytest.mark.parametrize("overlay", OVERLAYS)]

DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
OPERATIONS = (DOCKER.parent / "docs" / "operations.md").read_text(encoding="utf-8")
GIB = 2**30


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


def environment(overlay: str) -> dict[str, str]:
    """Return the variables of the container, those of the image among them."""
    (block,) = re.findall(r"ENV PATH=[^\n]*\n((?:    \S[^\n]*\n)+)", DOCKERFILE)
    found = dict(re.findall(r"(BOXGAUGE_\w+)=(\S+)", block))
    (reference,) = container(overlay)["envFrom"]
    found |= of_kind(overlay, "ConfigMap")[reference["configMapRef"]["name"]]["data"]
    return found | {each["name"]: each["value"] for each in container(overlay)["env"]}


def gib(quantity: str) -> float:
    return float(quantity.removesuffix("Mi")) / 1024 if "Mi" in quantity else float(quantity[:-2])


def test_there_is_one_replica_and_its_journal_outlives_it(overlay: str) -> None:
    spec = only(overlay, "StatefulSet")["spec"]
    assert spec["replicas"] == 1
    policy = spec["persistentVolumeClaimRetentionPolicy"]
    assert policy == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    claims = {each["metadata"]["name"]: each["spec"] for each in spec["volumeClaimTemplates"]}
    mounted = {each["name"]: each["mountPath"] for each in container(overlay)["volumeMounts"]}
    assert claims["journal"]["accessModes"] == ["ReadWriteOnce"]
    assert Path(environment(overlay)["BOXGAUGE_JOURNAL"]).parent == Path(mounted["journal"])


def test_the_journal_and_a_copy_of_it_fit_into_the_volume(overlay: str) -> None:
    claims = only(overlay, "StatefulSet")["spec"]["volumeClaimTemplates"]
    (claim,) = [each for each in claims if each["metadata"]["name"] == "journal"]
    room = gib(claim["spec"]["resources"]["requests"]["storage"])
    bound = int(environment(overlay)["BOXGAUGE_MAX_JOURNAL_BYTES"]) / GIB
    assert room >= 2 * bound + 5


def test_the_pod_is_confined(overlay: str) -> None:
    context = pod(overlay)["spec"]["securityContext"]
    ((user, group),) = re.findall(r"(?m)^USER (\d+):(\d+)$", DOCKERFILE)
    assert context["runAsNonRoot"] is True
    assert (context["runAsUser"], context["runAsGroup"]) == (int(user), int(group))
    assert context["fsGroup"] == int(group)
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(overlay)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    for each in (pod(overlay)["spec"], only(overlay, "ServiceAccount")):
        assert each["automountServiceAccountToken"] is False
    labels = only(overlay, "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    for forbidden in ("hostNetwork", "hostPID", "hostIPC"):
        assert forbidden not in pod(overlay)["spec"]
    assert not [each for each in pod(overlay)["spec"]["volumes"] if "hostPath" in each]


def test_no_variable_of_kubernetes_is_taken_for_a_setting(overlay: str) -> None:
    # A Service named boxgauge would make BOXGAUGE_PORT=tcp://….
    names = {name.replace("-", "_").upper() + "_" for name in of_kind(overlay, "Service")}
    assert PREFIX in names
    assert pod(overlay)["spec"]["enableServiceLinks"] is False


def test_every_variable_is_a_setting_that_the_service_takes(overlay: str) -> None:
    given = {name.removeprefix(PREFIX).lower(): each for name, each in environment(overlay).items()}
    assert set(given) <= set(Settings.model_fields)
    read_settings(**given)


def test_ports_of_the_image_the_pod_the_services_and_policies_are_the_same(overlay: str) -> None:
    ports = {each["name"]: each["containerPort"] for each in container(overlay)["ports"]}
    settings = environment(overlay)
    assert ports == {
        "grpc": int(settings["BOXGAUGE_PORT"]),
        "metrics": int(settings["BOXGAUGE_METRICS_PORT"]),
    }
    for service in of_kind(overlay, "Service").values():
        assert selects(service["spec"]["selector"], pod(overlay)["metadata"]["labels"])
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]
    for policy in of_kind(overlay, "NetworkPolicy").values():
        for rule in policy["spec"].get("ingress", []):
            assert {each["port"] for each in rule["ports"]} <= set(ports)
    assert set(re.findall(r"(?m)^EXPOSE (.+)$", DOCKERFILE)[0].split()) == {
        str(port) for port in ports.values()
    }


def test_the_governing_service_is_headless_and_the_other_one_is_not(overlay: str) -> None:
    services = of_kind(overlay, "Service")
    governing = only(overlay, "StatefulSet")["spec"]["serviceName"]
    assert {name for name, each in services.items() if "clusterIP" in each["spec"]} == {governing}
    assert services[governing]["spec"]["clusterIP"] == "None"


def test_probes_ask_over_tls_what_the_service_serves(overlay: str) -> None:
    for name, path in (("startup", "/readyz"), ("readiness", "/readyz"), ("liveness", "/healthz")):
        asked = container(overlay)[f"{name}Probe"]["httpGet"]
        assert asked == {"path": path, "port": "metrics", "scheme": "HTTPS"}
    probe = container(overlay)["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 600


def test_the_pod_gets_longer_to_stop_than_the_drain_may_take(overlay: str) -> None:
    most_s = 4.0  # of `drain_s`
    with pytest.raises(Exception, match="DRAIN_S"):
        read_settings(drain_s=most_s + 0.1)
    assert pod(overlay)["spec"]["terminationGracePeriodSeconds"] >= 2 * most_s


def test_memory_is_bounded_and_processors_are_not(overlay: str) -> None:
    resources = container(overlay)["resources"]
    assert set(resources["requests"]) >= {"cpu", "memory"}
    assert gib(resources["limits"]["memory"]) >= gib(resources["requests"]["memory"])
    assert "cpu" not in resources["limits"]
    (tmp,) = [each for each in pod(overlay)["spec"]["volumes"] if each["name"] == "tmp"]
    assert tmp["emptyDir"]["sizeLimit"]


def test_what_is_secret_is_referred_to_and_told_of_in_the_guide(overlay: str) -> None:
    assert "Secret" not in {each["kind"] for each in rendered(overlay)}
    secrets = {
        each["secret"]["secretName"] for each in pod(overlay)["spec"]["volumes"] if "secret" in each
    }
    (endpoint,) = only(overlay, "ServiceMonitor")["spec"]["endpoints"]
    named = {
        endpoint["authorization"]["credentials"]["name"],
        endpoint["tlsConfig"]["ca"]["secret"]["name"],
    }
    assert secrets == {"boxgauge-tls", "boxgauge-tokens"}
    for name in secrets | named:
        assert f"kubectl create secret generic {name} " in OPERATIONS.replace("\\\n", " ")


def test_files_of_secrets_lie_where_settings_look_for_them(overlay: str) -> None:
    mounts = {each["mountPath"] for each in container(overlay)["volumeMounts"]}
    for name in ("TLS_CERT", "TLS_KEY", "TOKENS"):
        assert str(Path(environment(overlay)[PREFIX + name]).parent) in mounts
    # A file mounted alone would not change with its Secret.
    assert not [each for each in container(overlay)["volumeMounts"] if "subPath" in each]


def test_all_is_denied_and_the_service_calls_nobody(overlay: str) -> None:
    policies = [each["spec"] for each in of_kind(overlay, "NetworkPolicy").values()]
    denying = [each for each in policies if not each["podSelector"]]
    assert denying == [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}]
    allowing = [each for each in policies if each["podSelector"]]
    labels = pod(overlay)["metadata"]["labels"]
    assert len(allowing) == 2
    for each in allowing:
        assert each["policyTypes"] == ["Ingress"]
        assert selects(each["podSelector"]["matchLabels"], labels)
        assert all(rule["from"] and all(rule["from"]) for rule in each["ingress"])


def test_a_healthy_pod_is_not_evicted_and_a_sick_one_is(overlay: str) -> None:
    spec = only(overlay, "PodDisruptionBudget")["spec"]
    assert selects(spec["selector"]["matchLabels"], pod(overlay)["metadata"]["labels"])
    assert (spec["minAvailable"], spec["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_prometheus_finds_the_pod_once_and_under_the_job_of_the_rules(overlay: str) -> None:
    spec = only(overlay, "ServiceMonitor")["spec"]
    (endpoint,) = spec["endpoints"]
    found = [
        (service["metadata"]["labels"], port["name"])
        for service in of_kind(overlay, "Service").values()
        if selects(spec["selector"]["matchLabels"], service["metadata"]["labels"])
        for port in service["spec"]["ports"]
        if port["name"] == endpoint["port"]
    ]
    ((labels, _),) = found
    assert f'job="{labels[spec["jobLabel"]]}"' in str(only(overlay, "PrometheusRule"))
    # What the operator's own schema knows, of what is used here.
    assert set(spec) <= {"jobLabel", "selector", "endpoints"}
    assert set(endpoint) <= {
        *("port", "scheme", "interval", "scrapeTimeout", "tlsConfig", "authorization"),
    }
    assert set(endpoint["tlsConfig"]) <= {"ca", "serverName"}
    assert set(endpoint["authorization"]) == {"type", "credentials"}


def test_the_rules_are_those_of_prometheus(overlay: str, tmp_path: Path) -> None:
    spec = only(overlay, "PrometheusRule")["spec"]
    groups = [
        group
        for path in sorted(RULES_FOLDER.glob("*.yml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    ]
    assert spec == {"groups": groups}
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(spec), encoding="utf-8")
    checked = subprocess.run(
        [require_tool("promtool"), "check", "rules", file], capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_the_resource_of_rules_is_what_the_script_prints(overlay: str) -> None:
    printed = subprocess.run(
        [sys.executable, KUBERNETES / "rules.py"], capture_output=True, text=True, check=True
    )
    file = KUBERNETES / "components" / "prometheus-operator" / "prometheus-rule.yaml"
    assert file.read_text(encoding="utf-8") == printed.stdout, f"run {KUBERNETES / 'rules.py'}"
    assert only(overlay, "PrometheusRule")["spec"] == yaml.safe_load(printed.stdout)["spec"]


def test_without_the_operator_the_rest_is_whole(overlay: str, tmp_path: Path) -> None:
    file = KUBERNETES / "overlays" / overlay / "kustomization.yaml"
    text = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert text["components"] == ["../../components/prometheus-operator"]
    base: Any = kustomize(KUBERNETES / "base")
    kinds = {each["kind"] for each in yaml.safe_load_all(base.stdout)}
    assert kinds | set(CUSTOM) == {each["kind"] for each in rendered(overlay)}
    assert not kinds & set(CUSTOM)


def test_a_gpu_is_asked_for_and_said_to_be_untried(overlay: str) -> None:
    folder = KUBERNETES / "overlays" / overlay
    limits = container(overlay)["resources"]["limits"]
    if overlay == "cpu":
        assert "nvidia.com/gpu" not in limits
        return
    assert limits["nvidia.com/gpu"] == "1"
    assert environment(overlay)["BOXGAUGE_REQUIRE_PROVIDER"] == "true"
    for file in folder.iterdir():
        assert "ot yet run on a GPU" in file.read_text(encoding="utf-8"), file
    stage = DOCKERFILE.partition("AS runtime-gpu")[2]
    (cache,) = re.findall(r"BOXGAUGE_ENGINE_CACHE=(\S+)", stage)
    mounted = {each["name"]: each["mountPath"] for each in container(overlay)["volumeMounts"]}
    assert mounted["engines"] == cache


def test_the_pod_for_maintenance_is_confined_alike_and_holds_the_journal(overlay: str) -> None:
    spec = maintenance()["spec"]
    for name in ("securityContext", "enableServiceLinks", "automountServiceAccountToken"):
        assert spec[name] == pod(overlay)["spec"][name]
    (only_one,) = spec["containers"]
    assert only_one["securityContext"] == container(overlay)["securityContext"]
    assert only_one["image"] == container("cpu")["image"]
    (volume,) = spec["volumes"]
    name = only(overlay, "StatefulSet")["metadata"]["name"]
    assert volume["persistentVolumeClaim"]["claimName"] == f"{volume['name']}-{name}-0"
    assert only_one["volumeMounts"][0] in container(overlay)["volumeMounts"]
    # Not one of the set's own pods: no Service leads to it.
    assert not selects(
        only(overlay, "StatefulSet")["spec"]["selector"]["matchLabels"],
        maintenance()["metadata"].get("labels", {}),
    )
