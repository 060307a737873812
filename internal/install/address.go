// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// addressOf is the name of the Service of a revision's istiod.
func addressOf(revision string) string {
	if revision == "default" {
		return "istiod"
	}
	return "istiod-" + revision
}

// addressed takes out the values that are the address of that istiod, such as
// meshConfig.defaultConfig.discoveryAddress, global.caAddress and
// global.remotePilotAddress, and names them with their values: the proxies of the
// new revision would be sent to the old istiod. The chart has an address of the
// new one itself.
func addressed(values map[string]any, path, service, root string) []string {
	var left []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		at := strings.TrimPrefix(path+"."+key, ".")
		switch v := values[key].(type) {
		case map[string]any:
			left = append(left, addressed(v, at, service, root)...)
		case string:
			if host, _, _ := strings.Cut(v, ":"); host == service+"."+root || strings.HasPrefix(host, service+"."+root+".svc") {
				left = append(left, fmt.Sprintf("%s (%s)", at, v))
				delete(values, key)
			}
		}
	}
	return left
}

// mentions are the paths of values that speak of that istiod somewhere in them: in
// a list, or in a longer text.
func mentions(value any, path, service, root string) []string {
	var list []string
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			list = append(list, mentions(v[key], strings.TrimPrefix(path+"."+key, "."), service, root)...)
		}
	case []any:
		for _, inner := range v {
			if len(mentions(inner, path, service, root)) > 0 {
				return []string{path}
			}
		}
	case string:
		if whole := regexp.MustCompile(`(^|[^a-z0-9.-])` + regexp.QuoteMeta(service+"."+root) + `($|[^a-z0-9-])`); whole.MatchString(v) {
			return []string{path}
		}
	}
	return list
}
