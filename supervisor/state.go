package supervisor

import "fmt"

// State is where a service stands.
type State int

// The states of a service.
const (
	StateDown       State = iota // not running, and not wanted up
	StateWaiting                 // wanted up; what it requires is not ready yet
	StateStarting                // running, not ready yet
	StateReady                   // running and ready
	StateStopping                // told to end, or being killed for exceeding a limit
	StateEnding                  // ended; its leftovers are stopped and its finish program runs
	StateBackingOff              // ended; will be started again in a while
	StateDone                    // ended well, and its policy keeps it so, or it is a oneshot
	StateFailed                  // failed for good
	numStates
)

var stateNames = [numStates]string{
	"down", "waiting", "starting", "ready", "stopping", "ending", "backing off", "done", "failed",
}

// String is the state in lower case, as logs and APIs show it.
func (s State) String() string {
	if s < 0 || s >= numStates {
		return fmt.Sprintf("state %d", int(s))
	}
	return stateNames[s]
}

// atRest tells whether nothing of the service is left and nothing will change
// by itself.
func (s State) atRest() bool { return s == StateDown || s == StateDone || s == StateFailed }

// runs tells whether there is a process, or one is being started.
func (s State) runs() bool { return s == StateStarting || s == StateReady || s == StateStopping }

// occurrence is what can happen to a unit.
type occurrence int

const (
	wantedUp     occurrence = iota // somebody wants it up
	wantedAnew                     // somebody wants another run of it
	redefined                      // it is wanted up, and has a new definition
	wantedDown                     // nobody wants it up any more, and nothing up requires it
	mustDie                        // all that runs is to be killed
	unblocked                      // what it requires is ready
	hasStarted                     // its process runs
	saidReady                      // it is ready
	saidFailed                     // it asks to be treated as failed
	hasExited                      // its process ended, or could not be started
	hasLooked                      // it is known which descendants it has
	concluded                      // leftovers are gone, and finish has ended
	stopFailed                     // its stop command failed
	stopDue                        // the time for the current step of its stop is over
	readyDue                       // the time to become ready is over
	wasUnhealthy                   // one of its checks has failed too often
	watchdogDue                    // it was silent for too long
	backoffDue                     // the pause before its next start is over
	numOccurrences
)

// table says what each occurrence does in each state. A nil entry means that
// nothing needs doing: the occurrence came too late or changes nothing.
//
// A function, and not a variable, since the actions refer to it.
func table(s State, o occurrence) func(*Supervisor, *unit) {
	return [numStates][numOccurrences]func(*Supervisor, *unit){
		StateDown: {
			wantedUp:   (*Supervisor).startAnew,
			wantedAnew: (*Supervisor).startAnew,
		},
		StateWaiting: {
			redefined:  (*Supervisor).prepare,
			wantedDown: (*Supervisor).restDown,
			mustDie:    (*Supervisor).restDown,
			unblocked:  (*Supervisor).launch,
		},
		StateStarting: {
			wantedAnew: (*Supervisor).restart,
			redefined:  (*Supervisor).restart,
			wantedDown: (*Supervisor).startStop,
			mustDie:    (*Supervisor).startStop,
			hasStarted: (*Supervisor).noteStarted,
			saidReady:  (*Supervisor).becomeReady,
			saidFailed: (*Supervisor).failAsked,
			hasExited:  (*Supervisor).conclude,
			readyDue:   (*Supervisor).failReady,
		},
		StateReady: {
			wantedAnew:   (*Supervisor).restart,
			redefined:    (*Supervisor).restart,
			wantedDown:   (*Supervisor).startStop,
			mustDie:      (*Supervisor).startStop,
			saidFailed:   (*Supervisor).failAsked,
			hasExited:    (*Supervisor).conclude,
			wasUnhealthy: (*Supervisor).failHealth,
			watchdogDue:  (*Supervisor).failWatchdog,
		},
		StateStopping: {
			wantedUp:   (*Supervisor).startAfter,
			wantedAnew: (*Supervisor).startAfter,
			redefined:  (*Supervisor).startAfter,
			wantedDown: (*Supervisor).limitStop,
			mustDie:    (*Supervisor).hurry,
			hasStarted: (*Supervisor).noteStartedLate,
			hasExited:  (*Supervisor).conclude,
			hasLooked:  (*Supervisor).stepStop,
			stopFailed: (*Supervisor).stopBySignal,
			stopDue:    (*Supervisor).stepStop,
		},
		StateEnding: {
			wantedUp:   (*Supervisor).startAfter,
			wantedAnew: (*Supervisor).startAfter,
			redefined:  (*Supervisor).startAfter,
			concluded:  (*Supervisor).settle,
		},
		StateBackingOff: {
			wantedUp:   (*Supervisor).prepare,
			wantedAnew: (*Supervisor).prepare,
			redefined:  (*Supervisor).startAnew,
			wantedDown: (*Supervisor).restDown,
			mustDie:    (*Supervisor).restDown,
			backoffDue: (*Supervisor).prepare,
		},
		StateDone: {
			wantedUp:   (*Supervisor).startAnew,
			wantedAnew: (*Supervisor).startAnew,
			redefined:  (*Supervisor).startAnew,
			wantedDown: (*Supervisor).undo,
			mustDie:    (*Supervisor).forgo,
		},
		StateFailed: {
			wantedUp:   (*Supervisor).startAnew,
			wantedAnew: (*Supervisor).startAnew,
			redefined:  (*Supervisor).startAnew,
			wantedDown: (*Supervisor).restDown,
		},
	}[s][o]
}

// happen is the one place where anything happens to a unit.
func (s *Supervisor) happen(u *unit, o occurrence) {
	if act := table(u.state, o); act != nil {
		act(s, u)
	}
}
