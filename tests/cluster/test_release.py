"""The chart and the image on a real node: each step goes on where the one before it ended, while messages come in, and
after each of them the output is exact."""

import pytest
from cluster import kube
from cluster.node import Node
from cluster.release import NAME, NAMESPACE, Release
from cluster.traffic import PARTITIONS, Traffic
from harness.poll import wait_until

pytestmark = pytest.mark.steps

_REBUILT = "firstseen_messages_rebuilt_total"
_FIRST_SEEN = 'firstseen_messages_total{verdict="first_seen"}'
_CONFIGURED = 'firstseen_window_seconds{kind="configured"}'
_BEFORE_A_KILL = 3000


def test_the_node_becomes_ready(node: Node):
    (made,) = kube.get("nodes")["items"]
    assert made["status"]["nodeInfo"]["containerRuntimeVersion"].startswith("containerd://")


def test_apache_kafka_runs_beside_it(traffic: Traffic):
    assert traffic.admin.end_offsets(traffic.input) == dict.fromkeys(range(PARTITIONS), 0)


def test_the_node_has_the_image(image: str):
    assert image in kube.ctr("images", "list", "--quiet").split()


def test_the_chart_is_installed_and_becomes_ready(release: Release):
    release.put("install")
    assert release.is_ready()
    assert "firstseen cleans orders into orders.unique" in release.helm("status", NAME)


def test_the_topic_is_cleaned(release: Release, traffic: Traffic):
    traffic.send(_BEFORE_A_KILL)
    report = traffic.assert_exact()
    assert report.first_seen < report.messages
    wait_until(lambda: release.metric(_FIRST_SEEN) == report.first_seen, "the pod has counted them")


def test_the_pages_are_for_those_who_have_the_token_of_the_secret(release: Release):
    """Over TLS, with the certificate of the other Secret: nobody is asked otherwise here."""
    for path in ("/metrics", "/status.json"):
        assert release.page(path)[0] == 200
        assert release.page(path, token="another")[0] == 401
        assert release.page(path, token="")[0] == 401


def test_the_program_tells_its_status_in_the_container(release: Release):
    command = ("exec", release.pod()["metadata"]["name"], "--namespace", NAMESPACE, "--", "firstseen", "status")
    assert "orders" in kube.kubectl(*command, "--config", "/etc/firstseen/firstseen.yaml")


def test_a_killed_process_is_started_again(release: Release, traffic: Traffic):
    before = release.restarts()
    traffic.send(_BEFORE_A_KILL)
    release.kill_process()
    traffic.wait(lambda: release.restarts() > before and release.is_ready(), "the container is back and ready")
    traffic.assert_exact()
    assert release.metric(_REBUILT) == 0  # its volume holds what was seen


def test_a_pod_that_is_deleted_by_force_comes_back_with_its_volume(release: Release, traffic: Traffic):
    before = release.pod()["metadata"]["uid"]
    traffic.send(_BEFORE_A_KILL)
    release.delete_by_force()
    traffic.wait(
        lambda: release.is_ready() and release.pod()["metadata"]["uid"] != before, "another pod is there and ready"
    )
    traffic.assert_exact()
    assert release.metric(_REBUILT) == 0


def test_a_changed_configuration_rolls_the_pod(release: Release, traffic: Traffic):
    before = release.pod()["metadata"]
    assert release.metric(_CONFIGURED) == 24 * 3600
    release.put("upgrade", ttl="48h")
    after = release.pod()["metadata"]
    assert after["uid"] != before["uid"]
    assert after["annotations"]["checksum/config"] != before["annotations"]["checksum/config"]
    assert release.metric(_CONFIGURED) == 48 * 3600
    traffic.assert_exact()


def test_a_backup_is_put_back_as_the_readme_says(release: Release, traffic: Traffic):
    copied = traffic.consumed()
    release.backup.make()
    traffic.send(_BEFORE_A_KILL)
    traffic.assert_exact()
    said, consumed = release.put_backup_back()
    assert "replaced-" in said
    traffic.wait(lambda: release.is_ready() and release.partitions(0) == PARTITIONS, "the pod is back and ready")
    assert 0 < release.metric(_REBUILT) <= consumed - copied  # what is not in the copy, and no more
    traffic.assert_exact()


def test_a_second_pod_rebuilds_the_history_of_the_partitions_that_it_gets(release: Release, traffic: Traffic):
    release.put("upgrade", ttl="48h", replicas=2)
    traffic.wait(
        lambda: release.partitions(0) > 0 and release.partitions(0) + release.partitions(1) == PARTITIONS,
        "the two share the partitions",
    )
    assert release.metric(_REBUILT, 1) > 0
    traffic.send(_BEFORE_A_KILL)
    traffic.assert_exact()


def test_one_pod_alone_rebuilds_the_history_of_the_partitions_that_come_back(release: Release, traffic: Traffic):
    before, restarts = release.metric(_REBUILT), release.restarts()
    assert before >= 0
    release.put("upgrade", ttl="48h", replicas=1)
    traffic.wait(lambda: len(release.pods()) == 1 and release.partitions(0) == PARTITIONS, "one has all partitions")
    assert release.restarts() == restarts
    assert release.metric(_REBUILT) > before  # what the other one had taken of its partitions
    assert len(release.claims()) == 2
    traffic.send(_BEFORE_A_KILL)
    traffic.assert_exact()


def test_helm_test_passes(release: Release):
    assert "Succeeded" in release.helm("test", NAME, "--timeout", "120s")


def test_the_pods_say_that_they_are_ready_where_the_curl_of_helm_test_asks_them(release: Release):
    """Without that curl, which would find them by name: the node has neither its image nor DNS."""
    (url,) = release.asked_by_its_test()
    assert url.endswith("/readyz")
    assert release.status_of(url) == 200


def test_the_network_policy_holds_back_other_traffic():
    pytest.skip("the bridge of Debian's plugins enforces no NetworkPolicy; the API server has accepted it")


def test_the_release_is_uninstalled_and_leaves_its_claims(release: Release, traffic: Traffic):
    claims = release.claims()
    release.helm("uninstall", NAME, "--wait", "--timeout", "120s")
    traffic.wait(lambda: not release.pods(), "the pods are gone")
    assert release.claims() == claims


def test_installed_again_it_goes_on_where_it_ended(release: Release, traffic: Traffic):
    release.put("install", ttl="48h")
    traffic.assert_exact()
    assert release.metric(_REBUILT) == 0
    release.helm("uninstall", NAME, "--wait", "--timeout", "120s")
