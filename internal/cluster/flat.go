// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/mesh"
)

// renamed makes values comparable: two control planes always differ in their
// names and versions.
func renamed(revision, version string) func(string) string {
	var pairs []string
	if version != "" {
		pairs = append(pairs, version, "<version>")
	}
	if revision != unrevisioned {
		pairs = append(pairs, "-"+revision, "", revision, "<revision>")
	}
	return strings.NewReplacer(pairs...).Replace
}

// normalOf knows the version too, by the tag of istiod's image.
func normalOf(d *appsv1.Deployment) func(string) string {
	for _, c := range d.Spec.Template.Spec.Containers {
		if c.Name == "discovery" {
			return renamed(revisionOf(d.Labels), tagOf(c.Image))
		}
	}
	return renamed(revisionOf(d.Labels), "")
}

// own are keys that say which control plane it is, and no more.
var own = map[string]bool{"revision": true, "global.tag": true, "tag": true, "REVISION": true}

// flat lists the leaves of an object, by their paths.
func flat(group mesh.SettingGroup, object any, normal func(string) string) []mesh.Setting {
	text, err := json.Marshal(object)
	if err != nil {
		return nil
	}
	return flatText(group, string(text), normal)
}

// flatText lists the leaves of YAML or JSON. Text that is neither is one leaf.
func flatText(group mesh.SettingGroup, text string, normal func(string) string) []mesh.Setting {
	var tree any
	if yaml.Unmarshal([]byte(text), &tree) != nil {
		return []mesh.Setting{{Group: group, Key: "(cannot be read)", Value: digest(normal(text))}}
	}
	var list []mesh.Setting
	leaves("", tree, func(key, value string) {
		// Gateways stay, whatever values they were installed with.
		if !own[key] && !strings.HasPrefix(key, "gateways.") {
			list = append(list, mesh.Setting{Group: group, Key: key, Value: short(normal(value))})
		}
	})
	return list
}

// leaves walks a tree. Empty maps and lists say what their absence says.
func leaves(at string, tree any, leaf func(key, value string)) {
	switch t := tree.(type) {
	case nil:
	case map[string]any:
		for key, value := range t {
			leaves(strings.TrimPrefix(at+"."+key, "."), value, leaf)
		}
	case []any:
		for i, value := range t {
			leaves(fmt.Sprintf("%s[%d]", at, i), value, leaf)
		}
	default:
		leaf(at, fmt.Sprint(t))
	}
}

// templatesIn are the injector's templates, by their digests, and how it chooses.
func templatesIn(text string, normal func(string) string) []mesh.Setting {
	var config map[string]any
	if yaml.Unmarshal([]byte(text), &config) != nil {
		return []mesh.Setting{{Group: mesh.Templates, Key: "(cannot be read)", Value: digest(text)}}
	}
	var list []mesh.Setting
	templates, _ := config["templates"].(map[string]any)
	for name, template := range templates {
		list = append(list, mesh.Setting{Group: mesh.Templates, Key: name, Value: digest(normal(fmt.Sprint(template)))})
	}
	delete(config, "templates")
	return append(list, flat(mesh.Injection, config, normal)...)
}

// longest text that is shown as it is.
const shown = 120

func short(value string) string {
	if len(value) <= shown {
		return value
	}
	return digest(value)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256 " + hex.EncodeToString(sum[:6])
}
