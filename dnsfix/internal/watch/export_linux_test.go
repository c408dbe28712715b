package watch

// Deafen has inotify tell nothing any more.
func Deafen(w *Watcher) { w.hints.forget() }
