// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// revisionBoundValues are values that belong to one revision, to one version, or to another
// chart than istiod: revision and tags are the plan's to set, an image's tag is
// the chart's, and the default revision is not moved by an install. Those that
// are said are what somebody may miss.
var revisionBoundValues = []struct {
	path string
	said bool
}{
	{"revision", false}, {"revisionTags", true}, {"pilot.revision", false}, {"pilot.revisionTags", true},
	{"defaultRevision", false}, {"ownerName", false}, {"_internal_defaults_do_not_set", false}, {"_original", false},
	{"tag", true}, {"global.tag", true}, {"pilot.tag", true}, {"global.proxy.tag", true},
	{"gateways", false}, {"base", false}, {"installPackagePath", false},
}

// defaultHubs are where Istio's own images come from: whoever has another one set it
// himself.
var defaultHubs = []string{"docker.io/istio", "gcr.io/istio-release", "registry.istio.io/release", "gcr.io/istio-testing", "registry.istio.io/testing", ""}

// imageValues are where the chart takes a whole reference, which is of one version.
var imageValues = []string{"image", "pilot.image", "global.proxy.image", "global.proxy_init.image"}

// isFullImageReference reports whether an image's name is a reference with its tag or digest,
// which the chart and the injector take as it stands: by its slash.
func isFullImageReference(image string) bool {
	return strings.Contains(image, "/") && (imageTag(image) != "" || strings.Contains(image, "@"))
}

// dropRevisionBound takes out what must not be carried over from the revision, and names what
// somebody may miss, with its value.
func (c *InheritedValues) dropRevisionBound(revision, root string) []string {
	left := removeIstiodAddresses(c.Values, "", istiodServiceName(revision), root)
	for _, b := range revisionBoundValues {
		path := strings.Split(b.path, ".")
		value, found, _ := unstructured.NestedFieldNoCopy(c.Values, path...)
		if !found {
			continue
		}
		if list, isList := value.([]any); b.said && value != "" && value != nil && (!isList || len(list) > 0) {
			left = append(left, fmt.Sprintf("%s (%v)", b.path, value))
		}
		unstructured.RemoveNestedField(c.Values, path...)
	}
	for _, image := range imageValues {
		path := strings.Split(image, ".")
		if value, _, _ := unstructured.NestedString(c.Values, path...); isFullImageReference(value) {
			left = append(left, fmt.Sprintf("%s (%s)", image, value))
			unstructured.RemoveNestedField(c.Values, path...)
		}
	}
	for _, path := range [][]string{{"hub"}, {"global", "hub"}, {"pilot", "hub"}} {
		if hub, found, _ := unstructured.NestedString(c.Values, path...); found && slices.Contains(defaultHubs, hub) {
			unstructured.RemoveNestedField(c.Values, path...)
		}
	}
	pruneEmpty(c.Values)
	return left
}

// pruneEmpty takes out objects that are empty once something was taken out of them.
func pruneEmpty(values map[string]any) {
	for key, value := range values {
		if inner, ok := value.(map[string]any); ok {
			if pruneEmpty(inner); len(inner) == 0 {
				delete(values, key)
			}
		}
	}
}

// Lines are the values that are carried over, a path and its value each, sorted.
func (c *InheritedValues) Lines() []string {
	var lines []string
	flatten(c.Values, "", &lines)
	slices.Sort(lines)
	return lines
}

func flatten(value any, path string, lines *[]string) {
	inner, ok := value.(map[string]any)
	if !ok {
		*lines = append(*lines, fmt.Sprintf("%s=%v", path, value))
		return
	}
	for key, v := range inner {
		flatten(v, strings.TrimPrefix(path+"."+key, "."), lines)
	}
}

// istiodServiceName is the name of the Service of a revision's istiod.
func istiodServiceName(revision string) string {
	if revision == "default" {
		return "istiod"
	}
	return "istiod-" + revision
}

// removeIstiodAddresses takes out the values that are the address of that istiod, such as
// meshConfig.defaultConfig.discoveryAddress, global.caAddress and
// global.remotePilotAddress, and names them with their values: the proxies of the
// new revision would be sent to the old istiod. The chart has an address of the
// new one itself.
func removeIstiodAddresses(values map[string]any, path, service, root string) []string {
	var left []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		at := strings.TrimPrefix(path+"."+key, ".")
		switch v := values[key].(type) {
		case map[string]any:
			left = append(left, removeIstiodAddresses(v, at, service, root)...)
		case string:
			if host, _, _ := strings.Cut(v, ":"); host == service+"."+root || strings.HasPrefix(host, service+"."+root+".svc") {
				left = append(left, fmt.Sprintf("%s (%s)", at, v))
				delete(values, key)
			}
		}
	}
	return left
}

// pathsMentioning are the paths of values that speak of that istiod somewhere in them: in
// a list, or in a longer text.
func pathsMentioning(value any, path, service, root string) []string {
	var list []string
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			list = append(list, pathsMentioning(v[key], strings.TrimPrefix(path+"."+key, "."), service, root)...)
		}
	case []any:
		for _, inner := range v {
			if len(pathsMentioning(inner, path, service, root)) > 0 {
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
