"""What stands in deploy/ fits the service: settings that exist, paths that are served, the ports that it listens on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient

from service.config import known_variables
from tests.conftest import PROJECT

DEPLOY = PROJECT / "deploy"
SETTING = re.compile(r"SCIATICA_CDS_[A-Z_]+")


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", sorted(DEPLOY.rglob("*.yaml")), ids=lambda path: path.name)
def test_every_setting_that_a_file_names_is_one_that_the_service_knows(file: Path) -> None:
    named = set(SETTING.findall(file.read_text(encoding="utf-8")))
    assert named - known_variables() == set()


def test_every_path_that_is_probed_is_served(client: FlaskClient) -> None:
    (container,) = read("kustomize/deployment.yaml")["spec"]["template"]["spec"]["containers"]
    probed = {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert probed == {"/live", "/ready"}
    for path in (*probed, "/health"):
        assert client.get(path).status_code == 200, path


def test_the_ports_are_those_that_the_settings_and_the_image_say() -> None:
    (container,) = read("kustomize/deployment.yaml")["spec"]["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    image = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    assert f"EXPOSE {ports['http']}" in image
    settings = (DEPLOY / "kustomize" / "kustomization.yaml").read_text(encoding="utf-8")
    assert f"SCIATICA_CDS_METRICS_BIND=0.0.0.0:{ports['metrics']}" in settings


def test_every_file_that_the_base_and_the_composition_name_is_there_or_is_a_secret() -> None:
    for name in read("kustomize/kustomization.yaml")["resources"]:
        assert read(f"kustomize/{name}")["kind"]
    composition = read("compose.yaml")
    mounted = [volume for service in composition["services"].values() for volume in service.get("volumes", [])]
    files = [volume.split(":")[0] for volume in mounted if volume.startswith("./")]
    assert [name for name in files if not (DEPLOY / name).exists()] == ["./certs"]
    assert {Path(secret["file"]).parent.name for secret in composition["secrets"].values()} == {"secrets"}
    named = {secret for service in composition["services"].values() for secret in service.get("secrets", [])}
    assert named == set(composition["secrets"])


def test_the_proxy_takes_bodies_of_the_size_that_the_service_takes() -> None:
    from service.config import Settings

    result = re.search(r"client_max_body_size (\d+)m;", (DEPLOY / "nginx.conf").read_text(encoding="utf-8"))
    assert result is not None
    assert int(result[1]) * 1024 * 1024 == Settings().max_body_bytes


def test_what_is_unsafe_in_production_is_set_so_that_the_service_starts() -> None:
    literals = dict(
        each.split("=", 1) for each in read("kustomize/kustomization.yaml")["configMapGenerator"][0]["literals"]
    )
    environment = read("compose.yaml")["services"]["cds"]["environment"]
    for given in (literals, environment):
        assert given["SCIATICA_CDS_MODE"] == "production"
        assert given["SCIATICA_CDS_TLS_PROXY"] == "true"
        assert "SCIATICA_CDS_AUTHENTICATION" not in given, "required is the default in production"
        assert {"SCIATICA_CDS_PUBLIC_URL", "SCIATICA_CDS_ISSUERS", "SCIATICA_CDS_REPLAY_STORE"} <= set(given)
