package main_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/pid1test"
)

// TestLogsPage compares the samples of docs/logs.md with what comes out.
func TestLogsPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/logs.md")
	if err != nil {
		t.Fatal(err)
	}
	samples := regexp.MustCompile("(?s)<!-- sample ([a-z]+):.*?```text\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(samples) != 4 {
		t.Fatalf("the page has %d samples", len(samples))
	}
	const trace = "Exception in thread \"main\" java.lang.IllegalStateException: no\n\tat Main.main(Main.java:3)\nCaused by: java.io.IOException: none\n\t... 1 more\n"
	for _, sample := range samples {
		t.Run(sample[1], func(t *testing.T) {
			t.Parallel()
			said := []string{"listening on :8080", "no favicon", "queue is full"}
			box := pid1test.Box{
				Interactive: true, // CMD ends when all has been said
				Args:        []string{"--output=" + sample[1], "--log-level=warn", "sh", "-c", "read -r line; echo done"},
				Files: map[string]string{
					"/etc/cont-init.d/10-migrate": "#!/bin/sh\nexit 1\n",
					"/etc/services.d/web/run": "#!/bin/sh\necho listening on :8080; echo no favicon >&2\n" +
						"(echo queue is full; exec sleep 1000) | logger -t app -p mail.err & wait\n",
				},
			}
			if sample[1] == "records" {
				said = []string{"1 more"}
				box.Args = []string{"--output=json", "--log-level=error", "--join-lines=1", "sh", "-c", "read -r line"}
				box.Files = map[string]string{
					"/trace":                  trace,
					"/etc/services.d/web/run": "#!/bin/sh\ncat /trace >&2; exec sleep 1000\n",
				}
			}
			r := start(t, box)
			for _, text := range said {
				r.WaitFor(text)
			}
			r.Send("\n")
			r.Wait()
			if diff := cmp.Diff(withoutChance(sample[2]), withoutChance(r.Output())); diff != "" {
				t.Errorf("lines (-page +what came):\n%s", diff)
			}
		})
	}
}

// withoutChance leaves out what is another each time, and the order.
func withoutChance(text string) []string {
	text = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]{15}Z`).ReplaceAllString(text, "TIME")
	text = regexp.MustCompile(`"pid":\d+|app\[\d+\]`).ReplaceAllString(text, "PID")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	slices.Sort(lines)
	return lines
}
