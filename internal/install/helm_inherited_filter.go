// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/sensitive"
)

// revisionBoundValues are values that are specific to one revision, one version, or another chart
// than istiod. The plan sets revision and tags, the chart its image tag, and an install never moves
// the default revision. Reported values are named in a note.
var revisionBoundValues = []struct {
	path     string
	reported bool
}{
	{"revision", false}, {"revisionTags", true}, {"pilot.revision", false}, {"pilot.revisionTags", true},
	{"defaultRevision", false}, {"ownerName", false}, {internalDefaults, false}, {"defaults", false}, {"_original", false},
	{"tag", true}, {"global.tag", true}, {"pilot.tag", true}, {"global.proxy.tag", true},
	{"gateways", false}, {"base", false}, {"installPackagePath", false},
}

// internalDefaults is the value of Istio's charts that holds their defaults, since Istio 1.24. From 1.21 to
// 1.23 it was "defaults".
const internalDefaults = "_internal_defaults_do_not_set"

// imageValues are the values in which the chart accepts a full image reference, which is specific
// to one version.
var imageValues = []string{"image", "pilot.image", "global.proxy.image", "global.proxy_init.image"}

// isFullImageReference reports whether an image is a reference with its tag or digest, which the
// chart and the injector use unchanged because it contains a slash.
func isFullImageReference(image string) bool {
	return strings.Contains(image, "/") && (mesh.ImageTag(image) != "" || strings.Contains(image, "@"))
}

// dropRevisionBound removes the values that must not be inherited from the revision. It returns
// those that a user may miss, with their values.
func (c *InheritedValues) dropRevisionBound(revision, root string) []string {
	left := removeIstiodAddresses(c.Values, "", istiodServiceName(revision), root)
	for _, b := range revisionBoundValues {
		path := strings.Split(b.path, ".")
		value, found, _ := unstructured.NestedFieldNoCopy(c.Values, path...)
		if !found {
			continue
		}
		if list, isList := value.([]any); b.reported && value != "" && value != nil && (!isList || len(list) > 0) {
			left = append(left, pathAndValue(b.path, value))
		}
		unstructured.RemoveNestedField(c.Values, path...)
	}
	for _, image := range imageValues {
		path := strings.Split(image, ".")
		if value, _, _ := unstructured.NestedString(c.Values, path...); isFullImageReference(value) {
			left = append(left, pathAndValue(image, value))
			unstructured.RemoveNestedField(c.Values, path...)
		}
	}
	for _, path := range [][]string{{"hub"}, {"global", "hub"}, {"pilot", "hub"}} {
		if hub, found, _ := unstructured.NestedString(c.Values, path...); found && (hub == "" || mesh.IsIstioRegistry(hub)) {
			unstructured.RemoveNestedField(c.Values, path...)
		}
	}
	pruneEmpty(c.Values)
	return left
}

// pruneEmpty deletes objects that are empty after values were removed.
func pruneEmpty(values map[string]any) {
	for key, value := range values {
		if inner, ok := value.(map[string]any); ok {
			if pruneEmpty(inner); len(inner) == 0 {
				delete(values, key)
			}
		}
	}
}

// Lines returns the values as sorted lines, path=value. Values that look secret are masked.
func (c *InheritedValues) Lines() []string { return sensitive.Lines(c.Values) }

// pathAndValue returns a path with its value, masked if that looks secret.
func pathAndValue(path string, value any) string {
	text := fmt.Sprint(value)
	if sensitive.Text(text) {
		text = sensitive.Mask
	}
	return fmt.Sprintf("%s (%s)", path, text)
}

// istiodServiceName returns the name of the Service of a revision's istiod.
func istiodServiceName(revision string) string {
	if revision == defaultRevision {
		return istiodChart
	}
	return "istiod-" + revision
}

// removeIstiodAddresses deletes the values that are an address of that istiod, such as
// meshConfig.defaultConfig.discoveryAddress, global.caAddress and global.remotePilotAddress. With
// them the proxies of the new revision would connect to the old istiod. It returns each path with
// its value. The chart computes the new addresses itself.
func removeIstiodAddresses(values map[string]any, path, service, root string) []string {
	var left []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		at := strings.TrimPrefix(path+"."+key, ".")
		switch v := values[key].(type) {
		case map[string]any:
			left = append(left, removeIstiodAddresses(v, at, service, root)...)
		case string:
			if host, _, _ := strings.Cut(v, ":"); host == service+"."+root || strings.HasPrefix(host, service+"."+root+".svc") {
				left = append(left, pathAndValue(at, v))
				delete(values, key)
			}
		}
	}
	return left
}

// pathsMentioning returns the paths of values that contain an address of that istiod: in a list, or
// within a longer text.
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
		if address := regexp.MustCompile(`(^|[^a-z0-9.-])` + regexp.QuoteMeta(service+"."+root) + `($|[^a-z0-9-])`); address.MatchString(v) {
			return []string{path}
		}
	}
	return list
}
