// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"slices"
)

// ControlPlaneSettings holds the settings of a mesh's control planes, for their comparison.
// They are read for a comparison only, not for each World.
type ControlPlaneSettings struct {
	ControlPlanes []ControlPlane
	// HasRootCertificate tells which of the requested namespaces have the mesh's root
	// certificate (ConfigMap istio-ca-root-cert).
	HasRootCertificate map[string]bool
	CRDVersions        []string        // Istio versions in the labels of Istio's CRDs
	Configs            []PartialConfig // configuration that only some control planes or proxies see
	Unknown            []string        // what could not be read for lack of rights
	ClassDefaults      []ClassDefaults // those of no revision
	GatewayDefinitions []GatewayDefinition
}

// ControlPlane holds the settings of one control plane.
type ControlPlane struct {
	Revision        string     // "default" for an installation without a revision
	Settings        []Setting  // with <revision> and <version> in place of its own name and version
	Discovery       []Selector // its discoverySelectors; none means all namespaces
	TrustDomain     string     // of the identities that it issues; "" where its mesh configuration could not be read
	UsesTrustBundle bool       // its proxies read the mesh's root from a ClusterTrustBundle, not from a ConfigMap
	Templates       InjectionTemplates
	Hosts           []string      // the names by which its proxies call istiod, as they verify them in its certificate
	Proxies         ProxySettings // in its mesh configuration (defaultConfig)
	ClassDefaults   []ClassDefaults
}

// Setting is one value, or the digest of a long one.
type Setting struct {
	Group SettingGroup
	Key   string
	Value string
}

// SettingGroup is the source of a setting.
type SettingGroup string

// The groups, those set by the user first.
const (
	UserValues  SettingGroup = "values as the user set them"
	MeshConfig  SettingGroup = "mesh configuration"
	Images      SettingGroup = "image registry"
	Environment SettingGroup = "istiod's environment and arguments"
	Resources   SettingGroup = "istiod's resources and scaling"
	Policies    SettingGroup = "network policies"
	Injection   SettingGroup = "injection values"
	Templates   SettingGroup = "injection templates"
)

// groupOrder is the order of the groups in a comparison.
var groupOrder = []SettingGroup{UserValues, MeshConfig, Images, Environment, Resources, Policies, Injection, Templates}

// PartialConfig is an object of Istio's configuration that only some control planes read
// or only some proxies get.
type PartialConfig struct {
	Subject  string   // "EnvoyFilter shop/lua"
	Revision string   // label istio.io/rev, "" for none
	Proxies  []string // regular expressions that a proxy's version has to match (EnvoyFilter's proxyVersion)

	// ProxyProtocol has, for each patch of an EnvoyFilter that makes listeners read the PROXY
	// protocol, the expression that a proxy's version has to match, "" for any.
	ProxyProtocol []string
	Selects       map[string]string // an EnvoyFilter's workloadSelector.labels; nil for all pods of its namespace
}

// ControlPlane returns the settings of a revision, the zero ControlPlane and false where
// none were read.
func (s ControlPlaneSettings) ControlPlane(revision string) (ControlPlane, bool) {
	return find(s.ControlPlanes, func(p ControlPlane) bool { return p.Revision == revision })
}

// Set replaces the settings of a control plane.
func (s *ControlPlaneSettings) Set(p ControlPlane) {
	others := slices.DeleteFunc(slices.Clone(s.ControlPlanes), func(o ControlPlane) bool { return o.Revision == p.Revision })
	s.ControlPlanes = append(others, p)
}

// Difference is one setting in which two control planes differ. A missing value is "".
type Difference struct {
	Group    SettingGroup
	Key      string
	Old, New string
}

// Lost reports whether the old control plane has a setting of a group that users set, and
// the new one does not set it, or takes its image from another registry. Any other
// difference is a changed value, or may be another default of the new version.
func (d Difference) Lost() bool {
	switch d.Group {
	case Images:
		return d.Old != "" && d.New != "" && d.Old != OwnRegistry
	case UserValues, MeshConfig, Environment, Policies, Templates:
		return d.Old != "" && d.New == ""
	}
	return false
}

// Subject names the setting: "mesh configuration: outboundTrafficPolicy.mode".
func (d Difference) Subject() string { return string(d.Group) + ": " + d.Key }

// Lost returns the settings of old revisions that a revision loses, by their Subjects,
// sorted. It returns none if the settings of the revision are unknown.
func (s ControlPlaneSettings) Lost(revision string, olds []string) []string {
	is, known := s.ControlPlane(revision)
	if !known {
		return nil
	}
	var list []string
	for _, name := range olds {
		was, known := s.ControlPlane(name)
		if !known {
			continue
		}
		for _, d := range is.DifferencesFrom(was) {
			if d.Lost() {
				list = append(list, d.Subject())
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// DifferencesFrom returns the differences from an older control plane, those set by the
// user first.
func (s ControlPlane) DifferencesFrom(old ControlPlane) []Difference {
	type key struct {
		group SettingGroup
		key   string
	}
	before, after := map[key]string{}, map[key]string{}
	for _, x := range old.Settings {
		before[key{x.Group, x.Key}] = x.Value
	}
	var list []Difference
	for _, x := range s.Settings {
		k := key{x.Group, x.Key}
		if after[k] = x.Value; before[k] != x.Value {
			list = append(list, Difference{Group: x.Group, Key: x.Key, Old: before[k], New: x.Value})
		}
	}
	for k, v := range before {
		if _, found := after[k]; !found && v != "" {
			list = append(list, Difference{Group: k.group, Key: k.key, Old: v})
		}
	}
	slices.SortFunc(list, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(slices.Index(groupOrder, a.Group), slices.Index(groupOrder, b.Group)), cmp.Compare(a.Key, b.Key))
	})
	return list
}
