// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/internal/mesh"
)

// A keeper has each target port once, with unique names and numbers.
func TestKeeperPorts(t *testing.T) {
	got := keeperPorts([]mesh.Service{
		{
			Name: "a",
			Ports: []mesh.Port{
				{Name: "http", Number: 80, Target: "8080", Protocol: "TCP"},
				{Name: "grpc", Number: 81, Target: "grpc", Protocol: "TCP"},
			},
		},
		{
			Name: "b",
			Ports: []mesh.Port{
				{Name: "http", Number: 80, Target: "9090", Protocol: "TCP"},
				{Name: "http-again", Number: 88, Target: "8080", Protocol: "TCP"},
			},
		}})
	want := []keeperPort{
		{Name: "http", Port: 80, TargetPort: 8080, Protocol: "TCP"},
		{Name: "grpc", Port: 81, TargetPort: "grpc", Protocol: "TCP"},
		{Name: "http-1", Port: 1, TargetPort: 9090, Protocol: "TCP"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
}
