package scenario

import (
	"fmt"
	"strings"
	"syscall"
)

const (
	sigPWR = syscall.Signal(30) // of Linux, which syscall lacks elsewhere

	// untilHeard makes sure that signals come through before a script goes on:
	// the init catches most of them only once CMD runs.
	untilHeard = "trap heard=1 IO; until [ $heard ]; do kill -IO 1; sleep 0.05; done; "

	// hear waits for signals.
	hear = "while :; do sleep 1000 & wait; done"
)

// traps makes a script tell of each signal that it gets.
func traps(who string, numbers ...int) string {
	var b strings.Builder
	for _, n := range numbers {
		fmt.Fprintf(&b, "trap 'echo %s got %d.' %d; ", who, n, n)
	}
	return b.String()
}

// family is a CMD whose shell and its child both tell of signals.
func family(numbers ...int) string {
	return untilHeard + `sh -c "` + traps("child", numbers...) + ">/tmp/child; " + hear + `" & child=$!; ` +
		"until [ -e /tmp/child ]; do sleep 0.05; done; " + traps("CMD", numbers...)
}

// sendAll sends one signal after the other, each when the one before has come.
func sendAll(numbers ...int) []Step {
	steps, before := []Step{}, "up"
	for _, n := range numbers {
		steps = append(steps, Step{For: before, Signal: syscall.Signal(n)})
		before = fmt.Sprintf("CMD got %d.", n)
	}
	return append(steps, Step{For: before})
}

// forwarded are the signals that go to CMD, by their numbers on x86 and arm: all
// but those that nobody can catch or that mean a fault, SIGCHLD, SIGPIPE, SIGPROF,
// SIGURG, those of the C library, and those that mean something to the init.
func forwarded() []int {
	numbers := []int{10, 12, 14, 18, 20, 21, 22, 24, 25, 26, 28, 29}
	for n := 35; n <= 64; n++ { // SIGRTMIN to SIGRTMAX
		numbers = append(numbers, n)
	}
	return numbers
}

// signals are about signals to PID 1, but for those in exitCodes.
func signals() []Scenario {
	stop := Step{Signal: syscall.SIGTERM}
	received := []int{15, 3, 2, 10, 12, 30, 28}
	return append(append(urgent(), reloads()...), []Scenario{
		{
			Name: "signals-forwarded", Args: sh(untilHeard + traps("CMD", forwarded()...) + "echo up; " + hear),
			Steps: append(sendAll(forwarded()...), stop), Code: 143,
		},
		{ // half of all CMDs are shells that do not exec
			Name: "signals-to-the-group", Args: sh(family(10) + "echo up; " + hear),
			Steps: append(sendAll(10), Step{For: "child got 10."}, stop), Code: 143,
		},
		{
			Name: "signals-received", Env: []string{"S6_CMD_RECEIVE_SIGNALS=1"},
			Args:  sh(family(received...) + "trap 'kill -KILL $child; echo CMD got 28.; exit 6' 28; echo up; " + hear),
			Steps: sendAll(received...), Code: 6, Never: []string{"child got", "stops the container"},
		},
		{
			Name: "pwr-stops", Args: sh(untilHeard + obedient),
			Steps: []Step{{For: "up", Signal: sigPWR}}, Code: 143,
		},
		{
			Name: "term-before-ready", Env: []string{waitForServices},
			Files: map[string]string{
				"/etc/services.d/web/run":             script(obedient),
				"/etc/services.d/web/notification-fd": ready,
			},
			Args: sh("echo CMD"), Steps: []Step{{For: "up", Signal: syscall.SIGTERM}}, Code: 143, Never: []string{"CMD\n"},
		},
		{
			Name: "term-in-cont-finish", Env: []string{"S6_KILL_FINISH_MAXTIME=300"},
			Files: map[string]string{"/etc/cont-finish.d/1": script(stubborn), "/etc/cont-finish.d/2": script("echo second")},
			Args:  sh("exit 3"), Steps: []Step{{For: "up", Signal: syscall.SIGTERM}}, Code: 3,
			Output: []string{"second", "cont-finish.d/1", "S6_KILL_FINISH_MAXTIME"},
		},
		{
			Name: "term-in-finish", Env: []string{waitForServices},
			Files: map[string]string{
				"/etc/services.d/web/run":    script("exec sleep 1000"),
				"/etc/services.d/web/finish": script(stubborn),
			},
			Args: sh("exit 3"), Steps: []Step{
				{For: "up", Signal: syscall.SIGTERM}, {For: "stops the container", Signal: syscall.SIGTERM},
			},
			Code: 3,
		},
	}...)
}

// urgent are stops that would take a minute, and are hurried.
func urgent() []Scenario {
	again := func(sig syscall.Signal) []Step {
		return []Step{{For: "up", Signal: sig}, {For: "stops the container", Signal: sig}}
	}
	service := map[string]string{"/etc/services.d/web/run": script(stubborn)}
	initialise := map[string]string{"/etc/cont-init.d/1": script("trap '' QUIT; " + stubborn)}
	scenarios := []Scenario{
		{Name: "second-term", Args: sh(stubborn), Steps: again(syscall.SIGTERM), Code: 137},
		{Name: "second-int", Args: sh("trap '' INT; " + stubborn), Steps: again(syscall.SIGINT), Code: 137},
		{Name: "second-term-services", Files: service, Steps: again(syscall.SIGTERM)},
		{Name: "second-term-in-init", Files: initialise, Steps: again(syscall.SIGTERM), Code: 143},
		{Name: "second-quit-in-init", Files: initialise, Steps: again(syscall.SIGQUIT), Code: 131},
		{Name: "second-quit-services", Files: service, Steps: again(syscall.SIGQUIT)},
	}
	for i := range scenarios {
		scenarios[i].Env = []string{"S6_KILL_GRACETIME=60000", "S6_SERVICES_GRACETIME=60000"}
	}
	return scenarios
}

// reloads are about SIGHUP, which CMD itself sends.
func reloads() []Scenario {
	service := func(name string) string {
		return script("echo " + name + " starts >>/tmp/log; trap 'echo " + name + " stops >>/tmp/log; exit' TERM; >/tmp/" + name + "; " + hear)
	}
	await := func(name string) string { return "until [ -e /tmp/" + name + " ]; do sleep 0.05; done; " }
	return []Scenario{
		{
			Name: "hangup-reloads",
			Files: map[string]string{
				"/etc/services.d/old/run": service("old"), "/etc/services.d/same/run": service("same"),
				"/new/run": service("new"),
			},
			Args: sh(await("old") + await("same") + "rm -r /etc/services.d/old; mv /new /etc/services.d/; kill -HUP 1; " +
				await("new") + "grep -v same /tmp/log; grep -c same /tmp/log; exit 4"),
			Code: 4, Stdout: lines("old starts", "old stops", "new starts", "1"), Output: []string{"1 added, 1 removed"},
		},
		{
			Name:  "hangup-wrong", // changes nothing
			Files: map[string]string{"/etc/services.d/old/run": service("old"), "/etc/cont-finish.d/1": script("cat /tmp/log")},
			Args: sh(await("old") + "echo three >/etc/services.d/old/notification-fd; " +
				"kill -HUP 1; exec sleep 1000"),
			Steps: []Step{{For: "nothing is changed", Signal: syscall.SIGTERM}}, Code: 143,
			Stdout: "old starts\nold stops\n", Output: []string{"/etc/services.d/old/notification-fd"},
		},
	}
}
