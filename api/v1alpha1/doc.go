// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the MeshUpgrade resource: what an upgrade should do, and
// the record of how far it has come.
//
// zz_generated.deepcopy.go and rerig.dev_meshupgrades.yaml are generated from
// these types by make generate.
//
// +kubebuilder:object:generate=true
// +groupName=rerig.dev
package v1alpha1
