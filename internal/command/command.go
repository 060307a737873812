// SPDX-License-Identifier: Apache-2.0

// Package command completes the commands in messages, so that each works as printed: for
// the same cluster, the same mesh, and in a shell. Messages are written without these
// flags, because a record outlives the process that wrote it.
package command

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Flags are what the command that prints a message was given, "" for what it was not.
type Flags struct {
	Kubeconfig     string
	Context        string
	IstioNamespace string
}

// names are how a program takes the values, "" for one that it does not take.
type names struct{ kubeconfig, context, istioNamespace string }

// programs are the programs of which messages print commands.
var programs = map[string]names{
	"rerig":    {kubeconfig: "--kubeconfig", context: "--context", istioNamespace: "--istio-namespace"},
	"kubectl":  {kubeconfig: "--kubeconfig", context: "--context"},
	"istioctl": {kubeconfig: "--kubeconfig", context: "--context", istioNamespace: "--istioNamespace"},
	"helm":     {kubeconfig: "--kubeconfig", context: "--kube-context"},
}

// local are the commands of helm that ask no cluster.
var local = []string{"dependency", "registry", "repo", "show"}

// quoted is a command in a message: it is between backticks.
var quoted = regexp.MustCompile("`[^`\n]+`")

// Complete returns a message whose commands have the flags.
func (f Flags) Complete(text string) string { return f.complete(text, Quote) }

// CompleteJSON returns encoded JSON, with the commands in its texts completed.
func (f Flags) CompleteJSON(encoded string) string {
	return f.complete(encoded, func(word string) string {
		text, _ := json.Marshal(Quote(word)) // a string always encodes
		return string(text[1 : len(text)-1])
	})
}

func (f Flags) complete(text string, quote func(string) string) string {
	if f == (Flags{}) {
		return text
	}
	return quoted.ReplaceAllStringFunc(text, func(match string) string { return "`" + f.line(strings.Trim(match, "`"), quote) + "`" })
}

// Line returns a command with the flags that it takes and does not have. Other text is
// returned as it is.
func (f Flags) Line(line string) string { return f.line(line, Quote) }

func (f Flags) line(line string, quote func(string) string) string {
	words := strings.Fields(line)
	if len(words) < 2 {
		return line
	}
	takes, known := programs[programOf(words[0])]
	if !known || programOf(words[0]) == "helm" && slices.Contains(local, words[1]) || slices.Contains(words, "--help") {
		return line
	}
	for _, flag := range [][2]string{
		{takes.istioNamespace, f.IstioNamespace}, {takes.kubeconfig, f.Kubeconfig}, {takes.context, f.Context},
	} {
		has := func(word string) bool { return word == flag[0] || strings.HasPrefix(word, flag[0]+"=") }
		if flag[0] != "" && flag[1] != "" && !slices.ContainsFunc(words, has) {
			line += " " + flag[0] + " " + quote(flag[1])
		}
	}
	return line
}

// programOf returns the program that a word runs: that of ./istioctl-1.31.0 is istioctl.
func programOf(word string) string {
	name, _, _ := strings.Cut(path.Base(word), "-")
	return name
}

// Join returns words as a shell reads them.
func Join(words ...string) string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = Quote(w)
	}
	return strings.Join(list, " ")
}

// plain matches words that a shell takes as they are.
var plain = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// Quote returns a word as a POSIX shell reads it.
func Quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
