package image_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/scenario"
)

// TestImage is what users of base-alpine rely on.
func TestImage(t *testing.T) {
	t.Parallel()
	needImage(t)
	want := `["/init"] [] ""`
	if diff := cmp.Diff(want, docker(t, "image", "inspect", "-f", `{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{json .Config.User}}`, image)); diff != "" {
		t.Errorf("entry point, CMD and user (-want +got):\n%s", diff)
	}
	got := docker(t, "run", "--rm", "-e", "S6_VERBOSITY=1", image, "sh", "-c", `id app; grep ^app: /etc/passwd
for link in /usr/bin/with-contenv /command/with-contenv /bin/with-contenv; do readlink $link; done
stat -c '%a %u %n' /init /app /etc/cont-init.d /etc/cont-finish.d /etc/services.d /etc/fix-attrs.d`)
	want = `uid=999(app) gid=999(app) groups=999(app)
app:x:999:999::/app:/bin/false
/init
/init
/init
755 0 /init
755 0 /app
755 0 /etc/cont-init.d
755 0 /etc/cont-finish.d
755 0 /etc/services.d
755 0 /etc/fix-attrs.d`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the image (-want +got):\n%s", diff)
	}
}

// TestStop stops ten services, and ten that ignore SIGTERM. The engine itself takes
// about 150 ms; what the init takes is measured in bench/.
func TestStop(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		run         string
		least, most time.Duration
	}{
		"obedient": {"echo up; exec sleep 1000", 0, 2 * time.Second},
		"stubborn": {"trap '' TERM; echo up; sleep 1000", 700 * time.Millisecond, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scenario.Scenario{Files: map[string]string{}, Env: []string{"S6_SERVICES_GRACETIME=700"}}
			for i := range 10 {
				s.Files[fmt.Sprintf("/etc/services.d/s%d/run", i)] = "#!/bin/sh\n" + test.run + "\n"
			}
			c := start(t, put(t, &s), false, "")
			for strings.Count(c.Stdout(), "up\n") < 10 {
				time.Sleep(10 * time.Millisecond)
			}
			began := time.Now()
			docker(t, "stop", c.id)
			took := time.Since(began)
			t.Logf("docker stop took %v", took.Round(time.Millisecond))
			if code := c.Wait(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if took < test.least || took > test.most {
				t.Errorf("docker stop took %v, want %v to %v", took, test.least, test.most)
			}
		})
	}
}

// TestNotPID1 runs under `docker run --init`.
func TestNotPID1(t *testing.T) {
	t.Parallel()
	tree := map[string]string{
		"/etc/cont-init.d/1":      "#!/bin/sh\nprintf changed >/run/s6/container_environment/VALUE\n",
		"/etc/services.d/web/run": "#!/bin/sh\necho web $VALUE; exec sleep 1000\n",
		"/etc/cont-finish.d/1":    "#!/bin/sh\necho finish $VALUE\n",
	}
	const orphan = `(sh -c 'trap "echo orphan told; exit" TERM; echo $$ >/tmp/orphan; while :; do sleep 1000 & wait; done' &)
until [ -s /tmp/orphan ]; do sleep 0.05; done
until [ $(cut -d" " -f4 /proc/$(cat /tmp/orphan)/stat) = $PPID ]; do sleep 0.05; done
[ $PPID != 1 ] && echo adopted
`
	for _, s := range []scenario.Scenario{
		{Name: "ends", Args: []string{"sh", "-c", orphan + "exit 6"}, Code: 6, Output: []string{"web changed", "adopted", "orphan told", "finish changed"}},
		{
			Name: "stops", Args: []string{"sh", "-c", orphan + "exec sleep 1000"}, Steps: []scenario.Step{{For: "adopted", Signal: 15}},
			Code: 143, Output: []string{"web changed", "orphan told", "finish changed"},
		},
		{Name: "terminal", TTY: true, Args: []string{"sh", "-c", "trap 'exit 9' INT; echo up; while :; do sleep 1000 & wait; done"}, Steps: []scenario.Step{{For: "up", Send: "\x03"}}, Code: 9},
		{Name: "services alone", Steps: []scenario.Step{{For: "web changed", Signal: 15}}, Output: []string{"finish changed"}},
	} {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			s.Files = tree
			s.Play(t, start(t, put(t, &s, "--init"), s.TTY, ""))
		})
	}
}

// TestRestart starts a container again, after an end of its own and after a
// SIGKILL: nothing of its first life counts.
func TestRestart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ends string // the first life
		code int
	}{
		"ended":  {"exit 3", 9},
		"killed": {"echo up; exec sleep 1000", 137},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scenario.Scenario{
				Env: []string{"VALUE=given", "S6_VERBOSITY=1"},
				Files: map[string]string{
					"/etc/services.d/web/run": "#!/bin/sh\nexec sleep 1000\n",
				},
				Args: []string{"sh", "-c", `cd /run
if [ -e /again ]; then
	echo again $VALUE ${ADDED-none} $(cat s6-linux-init-container-results/exitcode)
	sh -c 'with-contenv sh -c "echo contenv $VALUE ${ADDED-none}"'
	ls s6/env-stage3
	s6-svstat -o pid service/gone || echo gone
	s6-svwait -u -t 9000 service/web && s6-svstat service/web | cut -c1-3
	[ $(s6-svdt service/web | wc -l) = 0 ] && echo no deaths
	exit 4
fi
s6-svwait -u -t 9000 service/web && s6-svc -wr -r service/web && s6-svdt service/web | wc -l
mkdir service/gone && printf '#!/bin/sh\nexec sleep 1000\n' >service/gone/run && s6-svscanctl -a service
s6-svwait -u -t 9000 service/gone
>/again
printf changed >s6/container_environment/VALUE
printf added >s6/container_environment/ADDED
echo 9 >s6-linux-init-container-results/exitcode
echo 8 >s6/env-stage3/S6_STAGE2_EXITED
` + test.ends},
			}
			id := put(t, &s)
			c := start(t, id, false, "")
			if name == "killed" {
				c.WaitFor("up")
				docker(t, "kill", id)
			}
			if code := c.Wait(); code != test.code {
				t.Errorf("first exit code %d, want %d", code, test.code)
			}
			again := start(t, id, false, "")
			if code := again.Wait(); code != 4 {
				t.Errorf("second exit code %d, want 4", code)
			}
			if diff := cmp.Diff("again given none 0\ncontenv given none\ngone\nup \nno deaths\n", again.Stdout()); diff != "" {
				t.Errorf("the second life (-want +got):\n%s", diff)
			}
		})
	}
}

// TestExec runs a command in a container that lives: its environment is what the
// engine gives, and with-contenv, in the PATH, makes it what it has become.
func TestExec(t *testing.T) {
	t.Parallel()
	s := scenario.Scenario{
		Env:   []string{"VALUE=given"},
		Files: map[string]string{"/etc/cont-init.d/1": "#!/bin/sh\nprintf changed >/run/s6/container_environment/VALUE\n"},
		Args:  []string{"sh", "-c", "echo up; exec sleep 1000"},
	}
	c := start(t, put(t, &s), false, "")
	c.WaitFor("up")
	for want, command := range map[string]string{
		"given":   "echo $VALUE",
		"changed": "with-contenv sh -c 'echo $VALUE'",
		"reached": "/command/with-contenv echo reached",
	} {
		if got := docker(t, "exec", c.id, "sh", "-c", command); got != want {
			t.Errorf("docker exec %s: %q, want %q", command, got, want)
		}
	}
}

// TestExecUnprivileged is TestExec for a container whose user cannot write to /run: what
// docker exec runs is not told where its state is.
func TestExecUnprivileged(t *testing.T) {
	t.Parallel()
	s := scenario.Scenario{
		UID: 12345, GID: 12345, Env: []string{"VALUE=given"},
		Files: map[string]string{
			"/etc/cont-init.d/1":      "#!/bin/sh\nprintf changed >$BASEINIT_RUN/s6/container_environment/VALUE\n",
			"/etc/services.d/web/run": "#!/bin/sh\nexec sleep 1000\n",
		},
		Args: []string{"sh", "-c", "s6-svwait -t 9000 /run/service/web; echo up; exec sleep 1000"}, Code: 143,
	}
	c := start(t, put(t, &s), false, "")
	c.WaitFor("up")
	for want, command := range map[string]string{
		"changed": "with-contenv sh -c 'echo $VALUE'",
		"true":    "s6-svstat -u /run/service/web",
	} {
		if got := docker(t, "exec", c.id, "sh", "-c", command); got != want {
			t.Errorf("docker exec %s: %q, want %q", command, got, want)
		}
	}
	docker(t, "exec", c.id, "s6-svscanctl", "-t", "/run/service")
	if code := c.Wait(); code != s.Code {
		t.Errorf("exit code %d, want %d", code, s.Code)
	}
}

// TestCommands runs services whose scripts are execline, as images made for s6-overlay
// have them, and the commands that shells call.
func TestCommands(t *testing.T) {
	t.Parallel()
	s := scenario.Scenario{
		Env: []string{"GREETING=hello", "PUID=1234", "PGID=2345"},
		Files: map[string]string{
			"/etc/cont-init.d/1": "#!/usr/bin/execlineb -P\nredirfd -w 1 /tmp/one foreground { s6-echo -n a } s6-echo b\n",
			"/etc/services.d/web/run": "#!/usr/bin/execlineb -P\nwith-contenv\nmultisubstitute { importas -i P PUID importas -i G PGID importas W GREETING }\n" +
				"s6-setuidgid ${P}:${G}\nfdmove -c 2 1\nsh -c \"echo ${W} as $(id -u):$(id -G) >&2; exec sleep 1000\"\n",
			"/etc/services.d/web/finish": "#!/command/execlineb -S1\nif { s6-test ${1} -eq 256 }\ns6-echo finished by a signal\n",
		},
		Args: []string{"sh", "-c", "cat /tmp/one; s6-setuidgid app exec id -un; execlineb -Pc 'forx -E x { 1 2 } s6-echo $x'; until pgrep sleep >/dev/null; do :; done"},
	}
	c := start(t, put(t, &s), false, "")
	if code := c.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"ab\n", "app\n", "1\n2\n", "hello as 1234:2345\n", "finished by a signal\n"} {
		if !strings.Contains(c.Stdout(), want) {
			t.Errorf("%q is not in stdout:\n%s", want, c.Stdout())
		}
	}
}

// TestOverlayEdits does to s6-overlay's own files what images do while they are built, by a
// real `docker build`, and runs what comes of it.
func TestOverlayEdits(t *testing.T) {
	t.Parallel()
	needImage(t)
	const tag = "baseinit-test-edits"
	dockerWith(t, []byte(`FROM `+image+`
RUN set -e; cd /package/admin/s6-overlay/etc; \
	sed -i 's|exec|exec nice|' s6-rc/scripts/cont-init s6-rc/scripts/cont-finish s6-rc/scripts/services-up s6-linux-init/skel/rc.init s6-linux-init/skel/rc.shutdown; \
	rm s6-rc/sources/top/contents.d/legacy-services; touch s6-rc/sources/top/contents.d/app; \
	mv /etc/s6/init/init-stage3 /etc/s6/init/init-stage3-original; rm -r /etc/s6/services/s6-fdholderd/down; \
	cd /package/admin/s6-overlay-3.1.5.0 2>/dev/null || mkdir -p /package/admin/s6-overlay-3.1.5.0/etc/s6-rc/sources/banner; \
	cd /package/admin/s6-overlay-3.1.5.0/etc/s6-rc/sources; mkdir -p base/contents.d; touch base/contents.d/banner; echo oneshot >banner/type; echo s6-echo banner >banner/up; \
	mkdir -p /etc/s6-overlay/s6-rc.d/app; cd /etc/s6-overlay/s6-rc.d/app; echo longrun >type; \
	printf '#!/command/execlineb -P\nforeground { echo app }\n/package/admin/s6/command/s6-svwait -t 60000 -d .\n' >run; \
	printf '#!/bin/sh\nexec /run/s6/basedir/bin/halt\n' >finish
`), "build", "-q", "-t", tag, "-")
	t.Cleanup(func() { docker(t, "rmi", tag) })
	c := start(t, create(t, tag, "sh", "-c", "until /package/admin/s6/command/s6-svstat /run/service/app | grep -q ^up; do sleep 0.1; done; /run/s6/basedir/bin/halt; exec sleep 60"), false, "")
	if code := c.Wait(); code != 143 {
		t.Errorf("exit code %d, want 143", code)
	}
	if diff := cmp.Diff("banner\napp\n", c.Stdout()); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
}

// TestCopyFrom builds README's image that takes the binary into another one, which has a
// with-contenv of its own: that stays, and the tree runs.
func TestCopyFrom(t *testing.T) {
	t.Parallel()
	needImage(t)
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, dockerfile, found := strings.Cut(string(readme), "```dockerfile\nFROM debian:12\n")
	dockerfile, _, _ = strings.Cut(dockerfile, "CMD [")
	if !found || !strings.Contains(dockerfile, "--from=baseinit ") {
		t.Fatalf("README has no such image: %q", dockerfile)
	}
	const tag = "baseinit-test-copy"
	dockerWith(t, []byte("FROM "+base+`
RUN printf '#!/bin/sh\necho own\nexec /command/with-contenv "$@"\n' >/usr/bin/with-contenv; chmod +x /usr/bin/with-contenv; \
	mkdir -p /etc/services.d/web /etc/cont-init.d; echo 'echo init' >/etc/cont-init.d/1; \
	printf '#!/usr/bin/with-contenv sh\necho "web $GREETING"\nexit 3\n' >/etc/services.d/web/run; \
	printf '#!/usr/bin/execlineb -S1\nforeground { redirfd -w 1 /run/s6-linux-init-container-results/exitcode s6-echo ${1} }\ns6-svscanctl -t /var/run/s6/services\n' >/etc/services.d/web/finish
`+strings.ReplaceAll(dockerfile, "--from=baseinit ", "--from="+image+" ")), "build", "-q", "-t", tag, "-")
	t.Cleanup(func() { docker(t, "rmi", tag) })
	c := start(t, create(t, "-e", "GREETING=hello", tag), false, "")
	if code := c.Wait(); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if diff := cmp.Diff("init\nown\nweb hello\n", c.Stdout()); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
}

// TestInteractive keeps stdin open, as `docker run -i` does, and types.
func TestInteractive(t *testing.T) {
	t.Parallel()
	c := start(t, create(t, "-i", image, "sh"), false, "echo one; exit 3\n")
	if code := c.Wait(); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if got := c.Stdout(); got != "one\n" {
		t.Errorf("stdout %q", got)
	}
}
