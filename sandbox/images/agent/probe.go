package main

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"time"
)

// dial says whether a TCP port can be reached from here. A name that does not resolve is told apart from a port that
// refuses: it says nothing about the port.
func dial(address string, patience time.Duration) (verdict string, code int) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err.Error(), exitUsage
	}
	lookup, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(lookup, host)
	if err != nil {
		return "unresolved", exitUsage
	}
	connection, err := net.DialTimeout("tcp", net.JoinHostPort(addresses[0], port), patience)
	if err == nil {
		connection.Close()
		return "open", exitOK
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "timeout", exitTimeout
	}
	return "refused", exitFailed
}

// Identity is what the kernel says of this process.
type Identity struct {
	UID          int               `json:"uid"`
	GID          int               `json:"gid"`
	Capabilities map[string]string `json:"capabilities"`
	NoNewPrivs   string            `json:"noNewPrivs"`
	Seccomp      string            `json:"seccomp"`
	RootWritable bool              `json:"rootWritable"`
}

func identity() Identity {
	status, _ := os.ReadFile("/proc/self/status")
	fields := statusFields(string(status))
	seen := Identity{
		UID: os.Getuid(), GID: os.Getgid(),
		Capabilities: map[string]string{},
		NoNewPrivs:   fields["NoNewPrivs"], Seccomp: fields["Seccomp"],
		RootWritable: writable("/"),
	}
	for name, value := range fields {
		if strings.HasPrefix(name, "Cap") {
			seen.Capabilities[name] = value
		}
	}
	return seen
}

// statusFields reads the `Name: value` lines of /proc/self/status.
func statusFields(status string) map[string]string {
	fields := map[string]string{}
	for _, line := range strings.Split(status, "\n") {
		if name, value, found := strings.Cut(line, ":"); found {
			fields[name] = strings.TrimSpace(value)
		}
	}
	return fields
}

func writable(folder string) bool {
	file, err := os.CreateTemp(folder, ".probe")
	if err != nil {
		return false
	}
	file.Close()
	os.Remove(file.Name())
	return true
}
