// SPDX-License-Identifier: Apache-2.0

package mesh

import "time"

// ClassDefaults is a ConfigMap with defaults for the Gateways of a class (label
// gateway.istio.io/defaults-for-class in the root namespace). Of several for a class, every
// istiod takes the oldest, whichever revision it is of: render in
// pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go @1.31.0.
type ClassDefaults struct {
	Name     string
	Class    string
	Revision string    // label istio.io/rev, "" for none
	Created  time.Time // zero for one that is not installed yet
	Content  string    // digest of its data
}

// GatewayDefinition is a CustomResourceDefinition of the Gateway API.
type GatewayDefinition struct {
	Name    string // "tlsroutes.gateway.networking.k8s.io"
	Bundle  string // annotation gateway.networking.k8s.io/bundle-version, "v1.5.0"; "" for none
	Channel string // annotation gateway.networking.k8s.io/channel: standard or experimental
}
