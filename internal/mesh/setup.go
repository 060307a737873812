// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"cmp"
	"slices"
)

// Setups is how the control planes of a mesh are set up, for a comparison of the
// old one with the new one. It is read when somebody compares, not at each look.
type Setups struct {
	Planes      []Setup
	Rooted      map[string]bool // namespace -> it has the mesh's root certificate (ConfigMap istio-ca-root-cert), of those that were asked about
	Definitions []string        // Istio versions that the mesh's definitions (CRDs) bear, as far as they say
	Configs     []Config        // configuration that only some control planes or proxies see
	Unknown     []string        // what could not be read, since it is not permitted
}

// Setup is how one control plane is set up.
type Setup struct {
	Revision    string     // its name, "default" for the one without
	Settings    []Setting  // names of the revision and its version stand as <revision> and <version> in them
	Discovery   []Selector // namespaces that it sees; none: all of them
	TrustDomain string     // of the identities that it gives; "" where its mesh configuration could not be read
	Bundled     bool       // its proxies get the mesh's root from a ClusterTrustBundle, not from a ConfigMap
}

// Setting is one value, or the digest of one that is long.
type Setting struct {
	Group Group
	Key   string
	Value string
}

// Group is where a setting was found.
type Group string

// The groups, what a user has set himself first.
const (
	UserValues  Group = "values as the user set them"
	MeshConfig  Group = "mesh configuration"
	Environment Group = "istiod's environment and arguments"
	Resources   Group = "istiod's resources and scaling"
	Policies    Group = "network policies"
	Injection   Group = "injection values"
	Templates   Group = "injection templates"
)

var groups = []Group{UserValues, MeshConfig, Environment, Resources, Policies, Injection, Templates}

// Config is a piece of Istio's configuration that not every control plane sees,
// or not every proxy is given.
type Config struct {
	Subject  string   // "EnvoyFilter shop/lua"
	Revision string   // label istio.io/rev, "" for none
	Proxies  []string // expressions that a proxy's version has to match (EnvoyFilter's proxyVersion)
}

// Plane returns the setup of a revision, the zero Setup and false where none was
// read.
func (s Setups) Plane(revision string) (Setup, bool) {
	return find(s.Planes, func(p Setup) bool { return p.Revision == revision })
}

// Difference is one setting that two control planes do not share. A value that is
// not there at all is "".
type Difference struct {
	Group    Group
	Key      string
	Old, New string
}

// Against lists what differs from an older control plane, what the user has set
// himself first.
func (s Setup) Against(old Setup) []Difference {
	type key struct {
		group Group
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
