//go:build linux

// Command bench measures baseinit beside other inits and syslog daemons, each as PID 1 of fresh PID and mount
// namespaces, in interleaved rounds, and writes the medians as Markdown tables.
//
//	go run ./bench                       all scenarios, to stdout
//	go run ./bench -scenario start -n 50 one of them, more often
//	go run ./bench -o bench/README.md    and into the sections of that file that carry their names
//
// It needs root, musl-gcc or gcc for the probe that stamps the time and the flood of messages, and measures whichever of its peers are installed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

type options struct {
	scenario string
	rounds   int
	output   string
	baseinit string
}

func main() {
	var o options
	flag.StringVar(&o.scenario, "scenario", "all", "what to measure: all, "+strings.Join(scenarioNames(), ", "))
	flag.IntVar(&o.rounds, "n", 20, "rounds")
	flag.StringVar(&o.output, "o", "", "a Markdown `file` whose sections between markers are replaced too")
	flag.StringVar(&o.baseinit, "baseinit", "", "the `binary` to measure (default: build ./cmd/baseinit)")
	flag.Parse()
	if err := bench(o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench measures what o asks for. Reports go to out as they are ready, progress goes to progress.
func bench(o options, out, progress io.Writer) error {
	chosen, err := choose(o.scenario)
	if err != nil {
		return err
	}
	if o.rounds < 1 {
		return fmt.Errorf("cannot measure %d rounds: -n must be at least 1", o.rounds)
	}
	if os.Geteuid() != 0 {
		return errors.New("cannot make PID namespaces: run it as root")
	}
	l, err := newLab(o.baseinit)
	if err != nil {
		return err
	}
	defer l.close()

	for _, s := range chosen {
		rows, err := measure(l, s, o.rounds, progress)
		if err != nil {
			return fmt.Errorf("cannot measure %s: %w", s.name, err)
		}
		text := report(s, rows, l)
		fmt.Fprintln(out, text)
		if o.output == "" {
			continue
		}
		if err := replaceSection(o.output, s.name, text); err != nil {
			return err
		}
	}
	return nil
}

// measure runs the trials of s in turn, one round after another, so that what else the machine does meets
// all of them alike. A first round, which fills the page cache, does not count.
func measure(l *lab, s scenario, rounds int, progress io.Writer) ([]row, error) {
	if s.maxRounds > 0 {
		rounds = min(rounds, s.maxRounds)
	}
	trials := s.trials(l.inits)
	rows := make([]row, len(trials))
	for round := range rounds + 1 {
		fmt.Fprintf(progress, "\r%s: round %d of %d ", s.name, round, rounds)
		for i, t := range trials {
			values, err := t.run(l)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			rows[i].name, rows[i].base = t.name, t.base
			if round > 0 {
				rows[i].samples = append(rows[i].samples, values)
			}
		}
	}
	fmt.Fprintln(progress)
	return rows, nil
}
