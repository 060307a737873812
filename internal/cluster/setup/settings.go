// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/sensitive"
)

// shownLength is the length up to which a value is shown as it is.
const shownLength = 120

// identityKeys say which control plane it is. They differ always.
var identityKeys = map[string]bool{"revision": true, "global.tag": true, "tag": true, "REVISION": true}

// ownKeys begin the keys of values that are specific to one revision or to another
// chart, that istioctl adds, or whose effect is compared as Images. A new control
// plane need not have them.
var ownKeys = []string{"gateways.", "base.", "ztunnel.", "_original.", "revisionTags", "defaultRevision", "ownerName", "installPackagePath",
	"global.istioNamespace", "global.configValidation", "enabled", "hub", "global.hub", "global.proxy.tag"}

// ownAddress matches the address of a control plane's own istiod, once the name of the
// revision is replaced. The charts compute it.
var ownAddress = regexp.MustCompile(`^istiod\.[a-z0-9-]+(\.svc[a-z.]*)?(:\d+)?$`)

// userValues returns the values as the user set them. Those below pilot are the same
// as those without it (zzy_descope_legacy.yaml in Istio's charts, since 1.24).
func userValues(text string, normal func(string) string) []mesh.Setting {
	var list []mesh.Setting
	for _, s := range flattenText(mesh.UserValues, text, normal) {
		s.Key = strings.TrimPrefix(s.Key, "pilot.")
		own := slices.ContainsFunc(ownKeys, func(key string) bool { return strings.HasPrefix(s.Key, key) })
		own = own || s.Key == "cni.enabled" && s.Value == "false" // istioctl adds the default
		if !own && !identityKeys[s.Key] && !ownAddress.MatchString(s.Value) {
			list = append(list, s)
		}
	}
	return list
}

// normalizer returns a function that makes values comparable: it replaces the name
// of the revision and its version.
func normalizer(revision, version string) func(string) string {
	var pairs []string
	if version != "" {
		pairs = append(pairs, version, "<version>")
	}
	if revision != istio.DefaultRevision {
		pairs = append(pairs, "-"+revision, "", revision, "<revision>")
	}
	return strings.NewReplacer(pairs...).Replace
}

// normalizerOf returns the normalizer of an istiod, with the version of its image.
func normalizerOf(d *appsv1.Deployment) func(string) string {
	for _, c := range d.Spec.Template.Spec.Containers {
		if c.Name == istiodContainer {
			return normalizer(istio.RevisionOf(d.Labels), mesh.ImageTag(c.Image))
		}
	}
	return normalizer(istio.RevisionOf(d.Labels), "")
}

// flatten returns the leaves of an object by their paths.
func flatten(group mesh.SettingGroup, object any, normal func(string) string) []mesh.Setting {
	text, err := json.Marshal(object)
	if err != nil {
		return nil
	}
	return flattenText(group, string(text), normal)
}

// flattenText returns the leaves of YAML or JSON. Other text is one leaf.
func flattenText(group mesh.SettingGroup, text string, normal func(string) string) []mesh.Setting {
	var tree any
	if yaml.Unmarshal([]byte(text), &tree) != nil {
		return []mesh.Setting{{Group: group, Key: "(cannot be read)", Value: digest(normal(text))}}
	}
	var list []mesh.Setting
	walk("", tree, false, func(key, value string, secret bool) {
		// Gateways stay, whatever the values for them.
		if !identityKeys[key] && !strings.HasPrefix(key, "gateways.") {
			list = append(list, setting(group, key, shorten(normal(value)), secret))
		}
	})
	return list
}

// setting returns a setting. A value that looks secret is only comparable: secret
// tells whether its key makes it look so.
func setting(group mesh.SettingGroup, key, value string, secret bool) mesh.Setting {
	if sensitive.Value(secret, value) {
		value = masked(value)
	}
	return mesh.Setting{Group: group, Key: key, Value: value}
}

// walk calls leaf for each leaf of a tree, and tells whether its key, or one above
// it, makes it look secret. An empty map or list is the same as none.
func walk(path string, tree any, secret bool, leaf func(key, value string, secret bool)) {
	switch t := tree.(type) {
	case nil:
	case map[string]any:
		name, _ := t["name"].(string) // of an environment variable or a header
		for key, value := range t {
			below := sensitive.Below(secret, key) || key == "value" && sensitive.Key(name)
			walk(strings.TrimPrefix(path+"."+key, "."), value, below, leaf)
		}
	case []any:
		for i, value := range t {
			walk(fmt.Sprintf("%s[%d]", path, i), value, secret, leaf)
		}
	default:
		leaf(path, fmt.Sprint(t), secret)
	}
}

// templatesIn returns the injector's templates by their digests, and the other
// settings of the injector.
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
	return append(list, flatten(mesh.Injection, config, normal)...)
}

func shorten(value string) string {
	if len(value) <= shownLength {
		return value
	}
	return digest(value)
}

// maskingKey makes digests of secret values useless outside of this process.
var maskingKey = func() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return key
}()

// masked returns a text that is the same for the same value, within this process,
// and does not tell the value.
func masked(value string) string {
	mac := hmac.New(sha256.New, maskingKey)
	mac.Write([]byte(value))
	return sensitive.Mask + " sha256 " + hex.EncodeToString(mac.Sum(nil)[:6])
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256 " + hex.EncodeToString(sum[:6])
}
