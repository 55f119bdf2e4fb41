"""The process that watches sensors: it reads a site's bus and can propose an order, never place one."""
