"""The Helm chart and the image fit each other."""

import yaml
from deploy.charts import CHART, golden, one
from deploy.images import Image


def test_the_chart_runs_the_image_as_it_is_made_to_be_run(image: Image):
    pod = one(golden("minimal"), "StatefulSet")["spec"]["template"]["spec"]
    (daemon,) = pod["containers"]
    security = pod["securityContext"]
    assert f"{security['runAsUser']}:{security['runAsGroup']}" == image.execution["User"]
    assert [*daemon["command"], *daemon["args"]] == ["firstseen", *image.execution["Cmd"]]
    assert "PATH=/usr/bin" in image.execution["Env"]
    mounted = {each["mountPath"] for each in daemon["volumeMounts"]}
    directories = {f"/{member.name}" for member in image.members if member.isdir()}
    assert mounted <= directories
    assert set(image.execution["Volumes"]) <= mounted


def test_the_charts_version_of_the_program_is_the_images_tag(image: Image):
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    assert image.described["annotations"]["org.opencontainers.image.ref.name"].endswith(f"/firstseen:{version}")
