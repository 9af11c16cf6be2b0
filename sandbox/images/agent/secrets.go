package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const secretFolder = "/run/secrets"

// read prints one secret: the positive control of every test that looks for leaks.
func read(name string) int {
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		fmt.Fprintf(os.Stderr, "%q is not a secret's name\n", name)
		return exitUsage
	}
	value, err := os.ReadFile(filepath.Join(secretFolder, name))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	os.Stdout.Write(value)
	return exitOK
}

// fingerprints maps each secret's name to the first 12 hexadecimal digits of its SHA-256, never to its value.
func fingerprints(folder string) (map[string]string, error) {
	found := map[string]string{}
	entries, err := os.ReadDir(folder)
	if os.IsNotExist(err) {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		value, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(value)
		found[entry.Name()] = hex.EncodeToString(sum[:])[:12]
	}
	return found, nil
}
