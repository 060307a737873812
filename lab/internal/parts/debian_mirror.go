// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mirror is a Debian mirror and suite.
type mirror struct{ URI, Suite string }

// hostMirror returns the mirror of this machine's release, from its apt sources.
func hostMirror() (mirror, error) {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return mirror{}, fmt.Errorf("read the Debian release: %w", err)
	}
	var sources []string
	for _, pattern := range []string{"/etc/apt/sources.list", "/etc/apt/sources.list.d/*.list", "/etc/apt/sources.list.d/*.sources"} {
		paths, _ := filepath.Glob(pattern)
		for _, p := range paths {
			b, err := os.ReadFile(p)
			if err != nil {
				return mirror{}, fmt.Errorf("read the apt sources: %w", err)
			}
			sources = append(sources, string(b))
		}
	}
	return findMirror(string(release), sources)
}

func findMirror(release string, sources []string) (mirror, error) {
	suite := fieldValue(release, "VERSION_CODENAME", "=")
	if fieldValue(release, "ID", "=") != "debian" || suite == "" {
		return mirror{}, fmt.Errorf("the real lab needs Debian, but this machine runs %q; use --size hollow",
			fieldValue(release, "PRETTY_NAME", "="))
	}
	for _, s := range sources {
		for stanza := range strings.SplitSeq(s, "\n\n") {
			if uri := parseDeb822(stanza, suite); uri != "" {
				return mirror{uri, suite}, nil
			}
		}
		for line := range strings.Lines(s) {
			if uri := parseOneLine(line, suite); uri != "" {
				return mirror{uri, suite}, nil
			}
		}
	}
	return mirror{}, fmt.Errorf("find a Debian mirror: no apt source of this machine provides %s main", suite)
}

// parseDeb822 returns the URI of a .sources stanza (sources.list(5)) that provides the suite, or an
// empty string.
func parseDeb822(stanza, suite string) string {
	field := func(name string) []string { return strings.Fields(fieldValue(stanza, name, ":")) }
	if !slices.Contains(field("Types"), "deb") || !slices.Contains(field("Suites"), suite) || !slices.Contains(field("Components"), "main") {
		return ""
	}
	if uris := field("URIs"); len(uris) > 0 {
		return uris[0]
	}
	return ""
}

// parseOneLine returns the URI of a line `deb [options] URI SUITE COMPONENT…` that provides the
// suite, or an empty string.
func parseOneLine(line, suite string) string {
	if before, options, ok := strings.Cut(line, "["); ok {
		_, after, _ := strings.Cut(options, "]")
		line = before + after
	}
	f := strings.Fields(line)
	if len(f) >= 4 && f[0] == "deb" && f[2] == suite && slices.Contains(f[3:], "main") {
		return f[1]
	}
	return ""
}

func fieldValue(text, key, separator string) string {
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(line, separator); ok && strings.TrimSpace(k) == key {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}
