// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
)

// swapOf reads what a swap has made of a pod. A mark that names a workload of
// another namespace was copied from elsewhere and says nothing.
func swapOf(p *corev1.Pod) mesh.Swap {
	s := swap.ReadMark(p.Labels, p.Annotations)
	if _, name, _ := strings.Cut(s.Workload, " "); !strings.HasPrefix(name, p.Namespace+"/") {
		return mesh.Swap{}
	}
	return s
}

// grace is how long a pod may take to end.
func grace(p *corev1.Pod) time.Duration {
	if s := p.Spec.TerminationGracePeriodSeconds; s != nil {
		return time.Duration(*s) * time.Second
	}
	return corev1.DefaultTerminationGracePeriodSeconds * time.Second
}

// noteService takes a Service up that selects pods: a keeper under its workload's
// key, any other under its namespace.
func (r *readings) noteService(s *corev1.Service) {
	if _, is := s.Labels[swap.KeepLabel]; is {
		if of := swap.ReadMark(nil, s.Annotations).Workload; of != "" {
			r.keepers[of] = s.Name
		}
		return
	}
	if len(s.Spec.Selector) == 0 || s.Spec.Type == corev1.ServiceTypeExternalName {
		return // one that is another name for something has no endpoints, whatever it selects
	}
	m := mesh.Service{Name: s.Name, Early: s.Spec.PublishNotReadyAddresses, Selector: s.Spec.Selector}
	for _, p := range s.Spec.Ports {
		m.Ports = append(m.Ports, mesh.Port{Name: p.Name, Number: int(p.Port), Target: targetOf(p), Protocol: string(cmp.Or(p.Protocol, corev1.ProtocolTCP)), AppProtocol: deref(p.AppProtocol)})
	}
	r.services[s.Namespace] = append(r.services[s.Namespace], m)
}

// targetOf is the port's own number where no other target is given.
func targetOf(p corev1.ServicePort) string {
	if t := p.TargetPort.String(); t != "0" && t != "" {
		return t
	}
	return fmt.Sprint(p.Port)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// shared joins a workload with the Services that select its pods, and its keeper.
func (r readings) shared(w mesh.Workload, pods []pod) mesh.Workload {
	w.Keeper = r.keepers[w.Key()]
	for _, s := range r.services[w.Namespace] {
		own, chosen := 0, 0
		for _, p := range pods {
			if p.Swap.Place != mesh.Attached {
				continue
			}
			if own++; s.Selects(p.labels) {
				chosen++
			}
		}
		if by := s.Selects(w.Template.Labels); by || chosen > 0 {
			s.Partial = !by && chosen < own
			w.Services = append(w.Services, s)
		}
	}
	return w
}

// endpoints are the Services in which a pod is a ready endpoint.
type endpoints map[types.UID][]string

// readEndpoints reads the EndpointSlices of the namespaces in which a swap has
// something in hand, or a trial pod serves. Who only looks need not be permitted to: then no pod is known
// to be an endpoint, and nothing is swapped by that look.
func (c *Cluster) readEndpoints(ctx context.Context, l *look) error {
	l.found.endpoints = endpoints{}
	asked := map[string]bool{}
	for _, p := range l.found.pods {
		asked[p.namespace] = asked[p.namespace] || p.Swap.Marked()
	}
	for _, x := range l.world.Trials {
		asked[x.Namespace] = asked[x.Namespace] || x.Phase == mesh.Serving
	}
	for namespace, is := range asked {
		if !is {
			continue
		}
		err := pages(ctx, metav1.ListOptions{}, c.discovery.EndpointSlices(namespace).List, func(page *discoveryv1.EndpointSliceList) {
			for i := range page.Items {
				l.found.endpoints.note(&page.Items[i])
			}
		})
		if err != nil && !apierrors.IsForbidden(err) {
			return reading("EndpointSlices in "+namespace, err)
		}
	}
	for i, x := range l.world.Trials {
		l.world.Trials[i].Pod.Endpoints = l.found.endpoints[types.UID(x.Pod.UID)]
	}
	return nil
}

func (e endpoints) note(s *discoveryv1.EndpointSlice) {
	service := s.Labels[discoveryv1.LabelServiceName]
	for _, p := range s.Endpoints {
		if p.TargetRef == nil || p.Conditions.Ready != nil && !*p.Conditions.Ready || slices.Contains(e[p.TargetRef.UID], service) {
			continue
		}
		e[p.TargetRef.UID] = append(e[p.TargetRef.UID], service)
		slices.Sort(e[p.TargetRef.UID])
	}
}
