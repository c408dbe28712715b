package supervisor

// Roster knows which service each process was started for.
type Roster = roster

func (r *roster) Add(pid int, service string) func() { return r.add(pid, service) }
func (r *roster) Begin()                             { r.begin() }
func (r *roster) End()                               { r.end() }
func (r *roster) ServiceOf(pid int) string           { return r.serviceOf(pid) }

// Known counts what it holds.
func (r *roster) Known() int { return len(r.of) + len(r.gone) }
