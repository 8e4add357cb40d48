"""Counters in the text format of Prometheus."""

from pelagos.runtime import counters


class TestText:
    def test_counts_requests_by_route_and_status(self) -> None:
        counted = counters.Counters()
        for status in (200, 200, 500):
            counted.observe("/a", status, 0.001)

        text = counted.text({})

        assert 'pelagos_requests_total{route="/a",status="200"} 2\n' in text
        assert 'pelagos_requests_total{route="/a",status="500"} 1\n' in text

    def test_puts_every_time_into_all_buckets_that_hold_it(self) -> None:
        counted = counters.Counters()
        for seconds in (0.001, 0.002, 99.0):
            counted.observe("/a", 200, seconds)

        text = counted.text({})

        assert 'pelagos_request_seconds_bucket{route="/a",le="0.001"} 1\n' in text
        assert 'pelagos_request_seconds_bucket{route="/a",le="60.0"} 2\n' in text
        assert 'pelagos_request_seconds_bucket{route="/a",le="+Inf"} 3\n' in text
        assert 'pelagos_request_seconds_sum{route="/a"} 99.003000\n' in text

    def test_adds_what_is_looked_up_and_escapes_names(self) -> None:
        counted = counters.Counters()
        counted.observe('/"\\', 200, 0.0)

        text = counted.text({"pelagos_queue_length": ("gauge", "Waiting.", {'module="a"': 3})})

        assert '# TYPE pelagos_queue_length gauge\npelagos_queue_length{module="a"} 3\n' in text
        assert 'route="/\\"\\\\"' in text
