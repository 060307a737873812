// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ProxyConfig is the active configuration of a gateway's proxy: by name, such as
// "listener 0.0.0.0_8080", a digest of each field. What differs between proxies by
// nature, or between Istio versions as a rule, is not part of it.
type ProxyConfig map[string]map[string]string

// SecretPrefix begins the names of secrets in a ProxyConfig.
const SecretPrefix = "secret "

// ConfigDifferences is how the configuration of one proxy differs from that of another.
type ConfigDifferences struct {
	Missing []string // what only the other one has
	Added   []string // what only this one has
	Changed []string // what both have with different content, with the fields that differ
	Secrets []string // secrets with different content
}

// DifferencesFrom compares the configuration with that of another proxy.
func (c ProxyConfig) DifferencesFrom(other ProxyConfig) ConfigDifferences {
	var d ConfigDifferences
	for _, name := range slices.Sorted(maps.Keys(other)) {
		fields, has := c[name]
		switch differing := differentKeys(fields, other[name]); {
		case !has:
			d.Missing = append(d.Missing, name)
		case len(differing) == 0:
		case strings.HasPrefix(name, SecretPrefix):
			d.Secrets = append(d.Secrets, name)
		default:
			d.Changed = append(d.Changed, fmt.Sprintf("%s (%s)", name, strings.Join(differing, ", ")))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if _, has := other[name]; !has {
			d.Added = append(d.Added, name)
		}
	}
	return d
}

// differentKeys returns the keys whose values differ, sorted.
func differentKeys(a, b map[string]string) []string {
	var keys []string
	for key, value := range a {
		if other, has := b[key]; !has || other != value {
			keys = append(keys, key)
		}
	}
	for key := range b {
		if _, has := a[key]; !has {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
