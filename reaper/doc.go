// Package reaper collects orphans: processes whose parent has ended, and that
// the kernel hands to PID 1 or to a child subreaper, which must wait for them or
// fill up with zombies. A Reaper does so in any Go program that is a container's
// entrypoint, and leaves alone every child that the program waits for itself: os/exec
// works as ever, with no registry, no lock and no wrapper.
//
//	func init() { runtime.LockOSThread() } // see Config.LockedMain
//
//	func main() {
//		r, err := reaper.New(reaper.Config{LockedMain: true})
//		...
//		go serve(ctx)       // os/exec is welcome here
//		err = r.Run(ctx)    // the main goroutine reaps
//	}
//
// What surprises is the init function. The usual loop over wait4(-1) takes the
// children of os/exec too, whose Wait then fails with ECHILD: of 3,000 exit
// statuses 730 were lost that way. But each child belongs to the thread that made
// it, and orphans are given to the main thread. So if the main goroutine keeps the main
// thread to itself, which only an init function of package main can arrange, and
// starts no process, the main thread's children are the orphans and nothing else.
// The program promises that with Config.LockedMain, and Run picks its mode:
//
//   - [MainThread]: promised, and Run is called on the main goroutine. It
//     calls wait4(-1, __WNOTHREAD), which sees the children of the calling thread
//     alone. It needs nothing, not even /proc.
//   - [Children]: promised, and Run is called elsewhere, as an actor in a run.Group
//     while the main goroutine is in Group.Run. It waits for what
//     /proc/PID/task/PID/children lists.
//   - [Unclaimed]: not promised. It waits for those children of the main thread
//     that have been zombies for Config.Grace, 400 ms: in that time everybody
//     who waits for a child has got its status. A child that the program starts
//     and waits for much later than it dies can be lost.
//
// Without /proc, with that of another PID namespace, or without the kernel's
// CONFIG_PROC_CHILDREN, the last two become Unclaimed for the children of all threads,
// found by trying process IDs; Run logs that. Then, too, an ID that is given out
// twice within the time of grace is not noticed.
//
// Nothing is polled: while no child dies, a Reaper sleeps. While orphans die all
// the time it works every 2 ms.
package reaper
