// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"sync"
)

// shards is how many hollow labs tell stories side by side: most of a story is
// waiting.
const shards = 2

// loaded tells the stories that measure traffic: they are told last, one by one,
// with nothing beside them.
var loaded = regexp.MustCompile(`UnderLoad$`)

// tellAll tells the stories: those on hollow labs in shards that run side by side,
// each on labs of its own, and then those under load.
func tellAll(ctx context.Context, o order, out io.Writer) []result {
	names, err := storyNames(ctx)
	if err != nil {
		fmt.Fprintln(out, err)
		return []result{{name: "the stories' names", verdict: failed, story: true}}
	}
	parts, last := divided(names)
	results := make([][]result, shards)
	shared := &sync.Mutex{}
	var together sync.WaitGroup
	for n, part := range parts {
		together.Go(func() {
			results[n] = tests(ctx, tale(o, fmt.Sprint(n+1), part), &lane{to: out, as: fmt.Sprintf("%d| ", n+1), shared: shared})
		})
	}
	together.Wait()
	var all []result
	for _, r := range results {
		all = append(all, r...)
	}
	return append(all, tests(ctx, tale(o, "", last), out)...)
}

// divided deals the names out, one after the other, and keeps those under load.
func divided(names []string) (parts [shards][]string, last []string) {
	n := 0
	for _, name := range names {
		if loaded.MatchString(name) {
			last = append(last, name)
			continue
		}
		parts[n%shards] = append(parts[n%shards], name)
		n++
	}
	return parts, last
}

// storyNames lists the stories, in the order of their files.
func storyNames(ctx context.Context) ([]string, error) {
	said, err := exec.CommandContext(ctx, "go", "test", "-list", ".", "./"+storiesAt).Output()
	if err != nil {
		return nil, fmt.Errorf("list the stories: %w", err)
	}
	var names []string
	for line := range strings.Lines(string(said)) {
		if name := strings.TrimSpace(line); strings.HasPrefix(name, "Test") {
			names = append(names, name)
		}
	}
	return names, nil
}

// lane writes whole lines, each marked as its own, where others write too.
type lane struct {
	to     io.Writer
	as     string
	shared *sync.Mutex
	begun  bytes.Buffer // a line that has not ended
}

func (l *lane) Write(p []byte) (int, error) {
	l.shared.Lock()
	defer l.shared.Unlock()
	l.begun.Write(p)
	for {
		line, err := l.begun.ReadBytes('\n')
		if err != nil {
			l.begun.Write(line)
			return len(p), nil
		}
		if _, err := fmt.Fprintf(l.to, "%s%s", l.as, line); err != nil {
			return len(p), err
		}
	}
}
