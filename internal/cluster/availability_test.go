// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"strings"
	"testing"
)

func TestGapsInRestarts(t *testing.T) {
	d := func(wanted int32, kind appsv1.DeploymentStrategyType, surge, fewer string) string {
		s := appsv1.DeploymentStrategy{Type: kind}
		if kind == appsv1.RollingUpdateDeploymentStrategyType {
			more, less := intstr.Parse(surge), intstr.Parse(fewer)
			s.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxSurge: &more, MaxUnavailable: &less}
		}
		return deploymentGap(&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &wanted, Strategy: s}})
	}
	s := func(wanted int32) string {
		return statefulSetGap(&appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: &wanted}})
	}
	n := func(wanted int32, surge string) string {
		more := intstr.Parse(surge)
		x := &appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: wanted}}
		x.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateDaemonSet{MaxSurge: &more}
		return daemonSetGap(x)
	}
	const rolling, recreate = appsv1.RollingUpdateDeploymentStrategyType, appsv1.RecreateDeploymentStrategyType
	for _, tc := range []struct {
		name      string
		got, want string
	}{
		{"Recreate", d(2, recreate, "", ""), "Recreate"},
		{"Recreate, scaled to none", d(0, recreate, "", ""), ""},
		{"the usual strategy, one replica", d(1, rolling, "25%", "25%"), ""},
		{"one replica and none beside it", d(1, rolling, "0", "1"), "1 of 1"},
		{"one replica, both fall to zero", d(1, rolling, "0", "25%"), "1 of 1"},
		{"all may be fewer", d(3, rolling, "1", "100%"), "3 of 3"},
		{"two of three may be fewer", d(3, rolling, "0", "2"), ""},
		{"a StatefulSet of one", s(1), "one replica"},
		{"a StatefulSet of two", s(2), ""},
		{"a DaemonSet as usual", n(3, "0"), "maxSurge 0"},
		{"a DaemonSet that surges", n(3, "1"), ""},
		{"a DaemonSet on no node", n(0, "0"), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.want == "" && tc.got != "" || !strings.Contains(tc.got, tc.want) {
				t.Errorf("%q, want %q", tc.got, tc.want)
			}
		})
	}
}
