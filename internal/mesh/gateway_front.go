// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"fmt"
	"maps"
	"slices"
)

// Front is what a gateway's clients see of it.
type Front struct {
	Services map[string]string `json:"services,omitempty"` // name -> Service.Address
	Status   *GatewayStatus    `json:"status,omitempty"`   // nil for a gateway without a Gateway of the Gateway API
}

// GatewayStatus is what the status of a Gateway of the Gateway API says about its clients.
type GatewayStatus struct {
	Programmed bool     `json:"programmed,omitempty"`
	Addresses  []string `json:"addresses,omitempty"` // sorted
	Routes     int      `json:"routes,omitempty"`    // attached to its listeners, all together
}

// Front returns what a gateway's clients see of it now.
func (w Workload) Front() Front {
	f := Front{Services: map[string]string{}}
	for _, s := range w.Services {
		f.Services[s.Name] = s.Address
	}
	if w.APIGateway.Name != "" {
		status := w.APIGateway.Status
		f.Status = &status
	}
	return f
}

// WorseThan names what a gateway's clients lost since before, none if nothing. Services and
// routes that came since are no loss.
func (f Front) WorseThan(before Front) (lost []string) {
	for _, name := range slices.Sorted(maps.Keys(before.Services)) {
		if now, was := f.Services[name], before.Services[name]; now != was {
			if now == "" {
				now = "is gone"
			}
			lost = append(lost, fmt.Sprintf("Service %s was: %s; now: %s", name, was, now))
		}
	}
	if before.Status == nil || f.Status == nil {
		return lost
	}
	if before.Status.Programmed && !f.Status.Programmed {
		lost = append(lost, "its Gateway is no longer Programmed")
	}
	for _, address := range before.Status.Addresses {
		if !slices.Contains(f.Status.Addresses, address) {
			lost = append(lost, "its Gateway no longer has the address "+address)
		}
	}
	return lost
}

// FewerRoutes says that fewer routes are attached to a gateway's Gateway than before, "" if not.
func (f Front) FewerRoutes(before Front) string {
	if before.Status == nil || f.Status == nil || f.Status.Routes >= before.Status.Routes {
		return ""
	}
	return fmt.Sprintf("%d routes are attached to its Gateway, before it were %d", f.Status.Routes, before.Status.Routes)
}
