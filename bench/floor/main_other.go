//go:build !linux

// Command floor is for Linux.
package main

func main() {}
