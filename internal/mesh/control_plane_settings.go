// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"slices"
)

// ControlPlaneSettings is how the control planes of a mesh are set up, for a comparison of the
// old one with the new one. It is read when somebody compares, not at each look.
type ControlPlaneSettings struct {
	ControlPlanes      []ControlPlane
	HasRootCertificate map[string]bool // namespace -> it has the mesh's root certificate (ConfigMap istio-ca-root-cert), of those that were asked about
	CRDVersions        []string        // Istio versions that the mesh's definitions (CRDs) bear, as far as they say
	Configs            []PartialConfig // configuration that only some control planes or proxies see
	Unknown            []string        // what could not be read, since it is not permitted
}

// ControlPlane is how one control plane is set up.
type ControlPlane struct {
	Revision        string     // its name, "default" for the one without
	Settings        []Setting  // names of the revision and its version stand as <revision> and <version> in them
	Discovery       []Selector // namespaces that it sees; none: all of them
	TrustDomain     string     // of the identities that it gives; "" where its mesh configuration could not be read
	UsesTrustBundle bool       // its proxies get the mesh's root from a ClusterTrustBundle, not from a ConfigMap
}

// Setting is one value, or the digest of one that is long.
type Setting struct {
	Group SettingGroup
	Key   string
	Value string
}

// SettingGroup is where a setting was found.
type SettingGroup string

// The groups, what a user has set himself first.
const (
	UserValues  SettingGroup = "values as the user set them"
	MeshConfig  SettingGroup = "mesh configuration"
	Environment SettingGroup = "istiod's environment and arguments"
	Resources   SettingGroup = "istiod's resources and scaling"
	Policies    SettingGroup = "network policies"
	Injection   SettingGroup = "injection values"
	Templates   SettingGroup = "injection templates"
)

var groups = []SettingGroup{UserValues, MeshConfig, Environment, Resources, Policies, Injection, Templates}

// PartialConfig is a piece of Istio's configuration that not every control plane sees,
// or not every proxy is given.
type PartialConfig struct {
	Subject  string   // "EnvoyFilter shop/lua"
	Revision string   // label istio.io/rev, "" for none
	Proxies  []string // expressions that a proxy's version has to match (EnvoyFilter's proxyVersion)
}

// ControlPlane returns the setup of a revision, the zero Setup and false where none was
// read.
func (s ControlPlaneSettings) ControlPlane(revision string) (ControlPlane, bool) {
	return find(s.ControlPlanes, func(p ControlPlane) bool { return p.Revision == revision })
}

// Difference is one setting that two control planes do not share. A value that is
// not there at all is "".
type Difference struct {
	Group    SettingGroup
	Key      string
	Old, New string
}

// DifferencesFrom lists what differs from an older control plane, what the user has set
// himself first.
func (s ControlPlane) DifferencesFrom(old ControlPlane) []Difference {
	type key struct {
		group SettingGroup
		key   string
	}
	was, is := map[key]string{}, map[key]string{}
	for _, x := range old.Settings {
		was[key{x.Group, x.Key}] = x.Value
	}
	var list []Difference
	for _, x := range s.Settings {
		k := key{x.Group, x.Key}
		if is[k] = x.Value; was[k] != x.Value {
			list = append(list, Difference{x.Group, x.Key, was[k], x.Value})
		}
	}
	for k, v := range was {
		if _, there := is[k]; !there && v != "" {
			list = append(list, Difference{k.group, k.key, v, ""})
		}
	}
	slices.SortFunc(list, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(slices.Index(groups, a.Group), slices.Index(groups, b.Group)), cmp.Compare(a.Key, b.Key))
	})
	return list
}
