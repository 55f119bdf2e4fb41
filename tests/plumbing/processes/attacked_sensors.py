import attacked

attacked.main("agent.sensing.sensors")
