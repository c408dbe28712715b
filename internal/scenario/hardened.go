package scenario

// hardened are the same life in containers that lack something. A script changes
// a variable where that can be done, and all that start later see the change.
func hardened() []Scenario {
	cases := []struct {
		Scenario
		stays bool // the variable, since nothing can be written
	}{
		{Scenario: Scenario{Name: "root"}},
		{Scenario: Scenario{Name: "app", UID: 999, GID: 999}},
		{Scenario: Scenario{Name: "any-uid", UID: 12345}},
		{Scenario: Scenario{Name: "any-uid-no-run", UID: 12345, Without: []string{"/run"}}},
		{Scenario: Scenario{Name: "no-run", Without: []string{"/run"}}},
		{Scenario: Scenario{Name: "noexec-run", Tmpfs: []string{"/run:noexec"}}},
		{Scenario: Scenario{Name: "any-uid-noexec", UID: 12345, Tmpfs: []string{"/run:noexec,mode=1777", "/tmp:noexec"}}},
		{Scenario: Scenario{Name: "no-new-privileges", NoNewPrivs: true}},
		{Scenario: Scenario{Name: "no-capabilities", DropCaps: true}},
		{Scenario: Scenario{Name: "read-only-run", ReadOnly: true, Tmpfs: []string{"/run"}}},
		{Scenario: Scenario{Name: "read-only-noexec-run", ReadOnly: true, Tmpfs: []string{"/run:noexec"}}},
		{Scenario: Scenario{Name: "read-only-tmp", ReadOnly: true, Tmpfs: []string{"/tmp"}}},
		{Scenario: Scenario{Name: "read-only-env", ReadOnly: true, Tmpfs: []string{"/state"}, Env: []string{"BASEINIT_RUN=/state"}}},
		{Scenario: Scenario{Name: "s6-read-only", ReadOnly: true, Tmpfs: []string{"/run"}, Env: []string{"S6_READ_ONLY_ROOT=1"}}},
		{stays: true, Scenario: Scenario{Name: "read-only", ReadOnly: true, Output: []string{"BASEINIT_RUN"}}},
		{stays: true, Scenario: Scenario{Name: "any-uid-read-only", UID: 12345, ReadOnly: true, Output: []string{"BASEINIT_RUN"}}},
		{Scenario: Scenario{
			Name: "all-at-once", UID: 12345, DropCaps: true, NoNewPrivs: true, ReadOnly: true,
			Tmpfs: []string{"/tmp:noexec,mode=1777"}, Without: []string{"/run"},
		}},
	}
	var scenarios []Scenario
	for _, c := range cases {
		scenarios = append(scenarios, harden(c.Scenario, c.stays))
	}
	return scenarios
}

func harden(s Scenario, stays bool) Scenario {
	s.Name = "hardened-" + s.Name
	s.Env = append(s.Env, "VALUE=given", waitForServices)
	s.Files = map[string]string{
		"/etc/cont-init.d/10-env":             script("printf changed >${BASEINIT_RUN:-/run}/s6/container_environment/VALUE"),
		"/etc/services.d/web/run":             "#!/usr/bin/with-contenv sh\necho service $VALUE; echo >&3; exec sleep 1000\n",
		"/etc/services.d/web/notification-fd": ready,
		"/etc/cont-finish.d/bye":              script("echo finish $VALUE"),
	}
	s.Args, s.Code = sh("echo CMD $VALUE; exit 7"), 7
	value := "changed"
	if stays {
		value = "given"
		// with-contenv has nothing to read either.
		s.Files["/etc/services.d/web/run"] = script("echo service $VALUE; echo >&3; exec sleep 1000")
	}
	s.Stdout = lines("service "+value, "CMD "+value, "finish "+value)
	return s
}
